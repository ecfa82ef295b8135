const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dnsSubdomain = new RegExp(`^${label}(\\.${label})*$`);
const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const host =
  /^(?=.{1,253}$)[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*$/;

/** What is wrong with a Kubernetes object name (RFC 1123 subdomain), if anything. */
export function objectNameProblem(name: string): string | undefined {
  if (name.length <= 253 && dnsSubdomain.test(name)) return undefined;
  return `"${name}" is no Kubernetes name: use at most 253 lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit`;
}

/**
 * True for a Kubernetes object name. A refused manifest can have any other: such a name is never
 * a part of a path, and never offered to a shell.
 */
export function isObjectName(name: string): boolean {
  return objectNameProblem(name) === undefined;
}

/** What is wrong with a label value, if anything. Names of children and pools become such. */
export function labelValueProblem(name: string): string | undefined {
  if (name.length <= 63 && labelValue.test(name)) return undefined;
  return `"${name}" is no label value: use at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit`;
}

/** What is wrong with a key of a Secret, if anything. */
export function secretKeyProblem(key: string): string | undefined {
  if (/^[-._a-zA-Z0-9]{1,253}$/.test(key)) return undefined;
  return `"${key}" is no key of a Secret: use at most 253 letters, digits, "-", "_" and "."`;
}

/** What is wrong with a network device's name (IFNAMSIZ is 16 with the zero byte), if anything. */
export function linkNameProblem(name: string): string | undefined {
  if (/^[^\s/:]{1,15}$/.test(name) && name !== "." && name !== "..") return undefined;
  return `"${name}" is no device's name: use 1 to 15 characters without white space, "/" and ":"`;
}

/** True for a DNS name that charon may resolve; a run of digits and dots is none. */
export function isHostName(name: string): boolean {
  return host.test(name) && !/^[\d.]+$/.test(name);
}
