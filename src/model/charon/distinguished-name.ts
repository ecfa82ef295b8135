/**
 * The names that charon knows for the parts of a distinguished name, in lower case, and how
 * it prints them. Source: strongSwan's identification.c and oid.txt. What `S` and `SN` are
 * differs between charon 5 and 6.
 */
const printedNames: ReadonlyMap<string, string> = new Map(
  [
    ..."ND UID DC CN S SN serialNumber C L ST STREET O OU organizationIdentifier T D".split(" "),
    ..."postalAddress postalCode N G I dnQualifier dmdName pseudonym ID E TCGID".split(" "),
    ..."employeeNumber unstructuredName unstructuredAddress".split(" "),
  ].map((name) => [name.toLowerCase(), name]),
);

const aliases: ReadonlyMap<string, string> = new Map([
  ["email", "E"],
  ["emailaddress", "E"],
  ["en", "employeeNumber"],
  ["un", "unstructuredName"],
  ["ua", "unstructuredAddress"],
]);

/** Further ones charon does not read. */
const mostParts = 20;

/**
 * How charon prints the distinguished name that a text with `=` writes, in parts that commas
 * divide, or slashes where it begins with one. Undefined where charon takes it for none.
 */
export function distinguishedName(text: string): string | undefined {
  const trimmed = text.trimStart();
  const bySlash = trimmed.startsWith("/");
  const parts = (bySlash ? trimmed.slice(1) : trimmed).split(bySlash ? "/" : ",");
  if (parts.at(-1)?.trim() === "") parts.pop();
  const printed = parts.map(printedPart);
  if (printed.length > mostParts || printed.includes(undefined)) return undefined;
  return printed.join(", ");
}

function printedPart(part: string): string | undefined {
  const [, name = "", value = ""] = /^ *([^ =]+)[ =]+(.*?) *$/s.exec(part) ?? [];
  const known = aliases.get(name.toLowerCase()) ?? printedNames.get(name.toLowerCase());
  if (known === undefined) return undefined;
  return `${known}=${value}`;
}

/**
 * True where a distinguished name may be the one that is declared, both as charon prints
 * them; `CN=*` stands for any name.
 */
export function matchesDn(listed: string, declared: string): boolean {
  const pattern = escaped(declared)
    .replaceAll(/(^|, )(?:S|SN|serialNumber)=/gi, "$1(?:S|SN|serialNumber)=")
    // A value ends where the next part begins.
    .replaceAll(/=\\\*(?=, |$)/g, "=(?:(?!, [A-Za-z]+=).)*");
  return new RegExp(`^${pattern}$`, "is").test(listed);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
