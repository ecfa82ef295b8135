import { overlap, parsePrefix, type Prefix } from "../net/prefix.ts";

/** The texts of the identity that matches any other (identification_create_from_string). */
const any = new Set(["", "%any", "%any6", "0.0.0.0", "*", "::", "0::0"]);

/** An IKE identity as charon compares it: a single identity, or a pattern for several. */
export type IdentityPattern =
  | { readonly type: "any" }
  | { readonly type: "network"; readonly prefix: Prefix }
  /** Matches every identity with this ending. */
  | { readonly type: "suffix"; readonly text: string }
  | { readonly type: "literal"; readonly text: string };

/**
 * Parses the text of an identity. A text that charon compares in a more complex way (a regular
 * expression, a distinguished name with wildcards, a range of addresses) counts as any identity.
 */
export function parseIdentity(text: string): IdentityPattern {
  const trimmed = text.trim();
  if (any.has(trimmed) || /^\^.*\$$/.test(trimmed)) return { type: "any" };
  const prefix = parsePrefix(trimmed);
  if (prefix !== undefined) return { type: "network", prefix };
  const plain = withoutType(trimmed).toLowerCase();
  if (plain.startsWith("*")) return { type: "suffix", text: plain.slice(1) };
  const isName = plain.includes("=");
  if ((isName && plain.includes("*")) || isRange(plain)) return { type: "any" };
  return { type: "literal", text: isName ? plain.replaceAll(/\s*([,/=])\s*/g, "$1") : plain };
}

/** Whether a peer could have an identity that matches both. */
export function identitiesOverlap(a: IdentityPattern, b: IdentityPattern): boolean {
  if (a.type === "any" || b.type === "any") return true;
  if (a.type === "network" || b.type === "network") {
    if (a.type !== "network" || b.type !== "network") return false;
    return overlap(a.prefix, b.prefix);
  }
  if (a.type === "literal" && b.type === "literal") return a.text === b.text;
  // Two suffixes overlap if one of them ends with the other.
  return (
    (b.type === "suffix" && a.text.endsWith(b.text)) ||
    (a.type === "suffix" && b.text.endsWith(a.text))
  );
}

/** The text without the prefix of its type, which charon ignores when it compares identities. */
function withoutType(text: string): string {
  if (text.startsWith("@#")) return Buffer.from(text.slice(2), "hex").toString("latin1");
  return text.replace(/^(@@?|(fqdn|dns|rfc822|email|userfqdn|keyid|asn1dn|asn1gn):)/i, "");
}

function isRange(text: string): boolean {
  const [from = "", to, more] = text.split("-");
  if (to === undefined || more !== undefined) return false;
  return parsePrefix(from) !== undefined && parsePrefix(to) !== undefined;
}
