/**
 * The attribute names of distinguished names that charon knows, from lower case to the case that it
 * prints. Source: strongSwan's identification.c and oid.txt. The meaning of `S` and `SN` differs
 * between charon 5 and 6.
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

/** charon reads no more parts than this. */
const maxParts = 20;

/**
 * A distinguished name as charon prints it, from a text whose parts are separated by commas, or by
 * slashes if it begins with one. Undefined if charon does not parse it as a distinguished name.
 */
export function distinguishedName(text: string): string | undefined {
  const trimmed = text.trimStart();
  const bySlash = trimmed.startsWith("/");
  const parts = (bySlash ? trimmed.slice(1) : trimmed).split(bySlash ? "/" : ",");
  if (parts.at(-1)?.trim() === "") parts.pop();
  const printed = parts.map(printedPart);
  if (printed.length > maxParts || printed.includes(undefined)) return undefined;
  return printed.join(", ");
}

function printedPart(part: string): string | undefined {
  const [, name = "", value = ""] = /^ *([^ =]+)[ =]+(.*?) *$/s.exec(part) ?? [];
  const known = aliases.get(name.toLowerCase()) ?? printedNames.get(name.toLowerCase());
  if (known === undefined) return undefined;
  return `${known}=${value}`;
}

/**
 * Whether a distinguished name may be the declared one, both as charon prints them; `CN=*` matches
 * any name.
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
