import { overlap, parsePrefix, type Prefix } from "../net/prefix.ts";

/** charon takes each of these as "any identity" (identification_create_from_string). */
const any = new Set(["", "%any", "%any6", "0.0.0.0", "*", "::", "0::0"]);

/** An IKE identity as charon compares it: what it is equal to, or which others it stands for. */
export type IdentityPattern =
  | { readonly type: "any" }
  | { readonly type: "network"; readonly prefix: Prefix }
  /** Matches all that ends so. */
  | { readonly type: "suffix"; readonly text: string }
  | { readonly type: "literal"; readonly text: string };

/**
 * The identity that a text stands for. Where charon's comparison depends on more than the text
 * (a regular expression, a distinguished name with wildcards, a range of addresses), it is any.
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

/** Whether some peer could have an identity that charon takes as either. */
export function identitiesOverlap(a: IdentityPattern, b: IdentityPattern): boolean {
  if (a.type === "any" || b.type === "any") return true;
  if (a.type === "network" || b.type === "network") {
    if (a.type !== "network" || b.type !== "network") return false;
    return overlap(a.prefix, b.prefix);
  }
  if (a.type === "literal" && b.type === "literal") return a.text === b.text;
  // Of two suffixes one has to end with the other.
  return (
    (b.type === "suffix" && a.text.endsWith(b.text)) ||
    (a.type === "suffix" && b.text.endsWith(a.text))
  );
}

/** Without what only says of which type it is: identities are compared without regard to it. */
function withoutType(text: string): string {
  if (text.startsWith("@#")) return Buffer.from(text.slice(2), "hex").toString("latin1");
  return text.replace(/^(@@?|(fqdn|dns|rfc822|email|userfqdn|keyid|asn1dn|asn1gn):)/i, "");
}

function isRange(text: string): boolean {
  const [from = "", to, more] = text.split("-");
  if (to === undefined || more !== undefined) return false;
  return parsePrefix(from) !== undefined && parsePrefix(to) !== undefined;
}
