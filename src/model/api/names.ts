const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dnsSubdomain = new RegExp(`^${label}(\\.${label})*$`);
const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const host =
  /^(?=.{1,253}$)[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*$/;

/** The problem of a Kubernetes object name (RFC 1123 subdomain), if any. */
export function objectNameProblem(name: string): string | undefined {
  if (name.length <= 253 && dnsSubdomain.test(name)) return undefined;
  return `"${name}" is not a Kubernetes name: use at most 253 lower-case letters, digits, "-" and ".", and start and end with a letter or digit`;
}

/**
 * Whether a text is a Kubernetes object name. A refused manifest may have any other name, which
 * must not become part of a path or of a shell command.
 */
export function isObjectName(name: string): boolean {
  return objectNameProblem(name) === undefined;
}

/** The problem of a label value, if any. Names of children and pools become label values. */
export function labelValueProblem(name: string): string | undefined {
  if (name.length <= 63 && labelValue.test(name)) return undefined;
  return `"${name}" is not a label value: use at most 63 letters, digits, "-", "_" and ".", and start and end with a letter or digit`;
}

/** The problem of a key in a Secret, if any. */
export function secretKeyProblem(key: string): string | undefined {
  if (/^[-._a-zA-Z0-9]{1,253}$/.test(key)) return undefined;
  return `"${key}" is not a valid key in a Secret: use at most 253 letters, digits, "-", "_" and "."`;
}

/** The problem of a network device's name (IFNAMSIZ is 16 with the zero byte), if any. */
export function linkNameProblem(name: string): string | undefined {
  if (/^[^\s/:]{1,15}$/.test(name) && name !== "." && name !== "..") return undefined;
  return `"${name}" is not a device name: use 1 to 15 characters without white space, "/" and ":"`;
}

/** Whether a text is a DNS name that charon may resolve. Digits and dots alone are not. */
export function isHostName(name: string): boolean {
  return host.test(name) && !/^[\d.]+$/.test(name);
}
