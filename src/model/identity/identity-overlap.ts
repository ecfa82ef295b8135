import { parseAddress } from "../net/address.ts";
import type { Interval } from "../net/overlaps.ts";
import { intervalOf, parsePrefix } from "../net/prefix.ts";
import { parseIdentity, type Identity } from "./identity.ts";

/** The identities that a peer may have if charon finds them equal to a declared one. */
export type IdentityPattern =
  | { readonly type: "any" }
  /** Identities that the text does not show: a regular expression, a name with wildcards. */
  | { readonly type: "unknown" }
  | { readonly type: "addresses"; readonly interval: Interval }
  /** Every identity with this ending. */
  | { readonly type: "suffix"; readonly text: string }
  | { readonly type: "literal"; readonly text: string };

/** Parses the text of an identity as a pattern. */
export function identityPattern(written: string): IdentityPattern {
  const identity = parseIdentity(written);
  return patterns[identity.type](identity.text.toLowerCase());
}

const literal = (text: string): IdentityPattern => ({ type: "literal", text });

const patterns: Readonly<Record<Identity["type"], (text: string) => IdentityPattern>> = {
  any: () => ({ type: "any" }),
  unknown: () => ({ type: "unknown" }),
  address: addresses,
  network: addresses,
  name: (text) => {
    if (/^\^.*\$$/.test(text)) return { type: "unknown" };
    return text.startsWith("*") ? { type: "suffix", text: text.slice(1) } : literal(text);
  },
  // charon 5 and 6 differ in the meaning of S and SN.
  dn: (text) =>
    text.includes("*")
      ? { type: "unknown" }
      : literal(text.replaceAll(/(^|, )(?:s|sn)=/g, "$1serialnumber=")),
  keyid: literal,
};

/** An address, a network or a range. */
function addresses(text: string): IdentityPattern {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { type: "addresses", interval: intervalOf(prefix) };
  const [first, last] = text.split("-").map(parseAddress);
  if (first === undefined || last?.family !== first.family) return { type: "unknown" };
  const { family } = first;
  return { type: "addresses", interval: { family, first: first.value, last: last.value } };
}

/** Whether a peer could have an identity that matches both. */
export function identitiesOverlap(a: IdentityPattern, b: IdentityPattern): boolean {
  if (isOpen(a) || isOpen(b)) return true;
  if (a.type === "addresses" || b.type === "addresses") {
    return a.type === "addresses" && b.type === "addresses" && meet(a.interval, b.interval);
  }
  if (a.type === "literal" && b.type === "literal") return a.text === b.text;
  // Two suffixes overlap if one of them ends with the other.
  return (
    (b.type === "suffix" && a.text.endsWith(b.text)) ||
    (a.type === "suffix" && b.text.endsWith(a.text))
  );
}

type OpenPattern = Extract<IdentityPattern, { type: "any" | "unknown" }>;

function isOpen(pattern: IdentityPattern): pattern is OpenPattern {
  return pattern.type === "any" || pattern.type === "unknown";
}

function meet(a: Interval, b: Interval): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}
