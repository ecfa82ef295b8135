import { addressFromBytes, formatAddress, parseAddress } from "../net/address.ts";
import { distinguishedName, matchesDn } from "./distinguished-name.ts";
import { contains, formatPrefix, networkOf, parsePrefix } from "../net/prefix.ts";

/**
 * An IKE identity as charon parses its text. Source: strongSwan's
 * `identification_create_from_string`.
 */
export interface Identity {
  readonly type: "any" | "address" | "network" | "name" | "dn" | "keyid" | "unknown";
  /** The text in charon's lists; the written text if the type is unknown. */
  readonly text: string;
}

/** Parses a `localId` or `remoteId` as charon does. */
export function parseIdentity(text: string): Identity {
  const typed = /^([a-z0-9]+):(.*)$/is.exec(text);
  const type = prefixes.get(typed?.[1]?.toLowerCase() ?? "");
  if (type !== undefined) return ofType(type, bytesFrom(typed?.[2] ?? ""), text);
  const numbered = /^\{(0x[0-9a-f]+|\d+)\}:(.*)$/is.exec(text);
  if (numbered !== null) {
    return ofType(types.get(Number(numbered[1])) ?? "unknown", bytesFrom(numbered[2] ?? ""), text);
  }
  if (text.includes("=")) {
    const printed = distinguishedName(text);
    return printed === undefined ? keyId(Buffer.from(text)) : { type: "dn", text: printed };
  }
  return text.includes("@") ? withAt(text) : plain(text);
}

/**
 * Whether an identity in charon's list may be the declared one. charon has compared them itself,
 * so only a certain difference counts.
 */
export function sameIdentity(listed: string, declared: string): boolean {
  if (listed === "%any" || listed === declared) return true;
  const { type, text } = parseIdentity(declared);
  return matchers[type](listed, text);
}

/** How a listed identity is compared with the text of a declared one. */
const matchers: Readonly<Record<Identity["type"], (listed: string, declared: string) => boolean>> =
  {
    any: () => true,
    unknown: () => true,
    address: (listed, text) => canonicalAddress(listed) === text,
    network: (listed, text) => listed === text || isWithin(listed, text),
    name: matchesName,
    dn: matchesDn,
    keyid: (listed, text) => listed === text,
  };

type Typed = "ipv4" | "ipv6" | "name" | "keyid" | "unknown";

/** The prefixes of identities. For unknown ones, charon's lists do not show the value. */
const prefixes: ReadonlyMap<string, Typed> = new Map(
  Object.entries({
    ...({ ipv4: "ipv4", ipv6: "ipv6", fqdn: "name", dns: "name", uri: "name" } as const),
    ...({ rfc822: "name", email: "name", userfqdn: "name", keyid: "keyid" } as const),
    ...({ ipv4net: "unknown", ipv6net: "unknown", ipv4range: "unknown" } as const),
    ...({ ipv6range: "unknown", asn1dn: "unknown", asn1gn: "unknown" } as const),
    ...({ xmppaddr: "unknown" } as const),
  }),
);

/** By the numbers of RFC 7296, section 3.5. */
const types: ReadonlyMap<number, Typed> = new Map<number, Typed>([
  [1, "ipv4"],
  [2, "name"],
  [3, "name"],
  [5, "ipv6"],
  [11, "keyid"],
]);

function ofType(type: Typed, bytes: Buffer | undefined, written: string): Identity {
  const unknown: Identity = { type: "unknown", text: written };
  if (bytes === undefined || type === "unknown") return unknown;
  if (type === "name") return { type, text: printable(bytes) };
  if (type === "keyid") return keyId(bytes);
  // After this prefix, charon uses the bytes of the text as the address.
  const size = type === "ipv4" ? 4 : 16;
  if (bytes.length < size) return unknown;
  return { type: "address", text: formatAddress(addressFromBytes(bytes.subarray(0, size))) };
}

function withAt(text: string): Identity {
  if (!text.startsWith("@")) return { type: "name", text: printable(Buffer.from(text)) };
  if (!text.startsWith("@#")) {
    return { type: "name", text: printable(Buffer.from(text.replace(/^@@?/, ""))) };
  }
  return ofType("keyid", bytesFrom(text.slice(1)), text);
}

const wildcards = new Set(["", "%any", "%any6", "0.0.0.0", "*", "::", "0::0"]);

function plain(text: string): Identity {
  if (wildcards.has(text)) return { type: "any", text: "%any" };
  const address = parseAddress(text);
  if (address !== undefined) return { type: "address", text: formatAddress(address) };
  const network = text.includes("/") ? parsePrefix(text) : undefined;
  if (network !== undefined) return { type: "network", text: formatPrefix(networkOf(network)) };
  const [first = "", last = ""] = text.split("-").map(canonicalAddress);
  if (first !== "" && last !== "") return { type: "network", text: `${first}-${last}` };
  if (text.includes(":")) return keyId(Buffer.from(text));
  return { type: "name", text: printable(Buffer.from(text)) };
}

/** The bytes of hexadecimal digits after `#`, or of the text; undefined if the digits are malformed. */
function bytesFrom(text: string): Buffer | undefined {
  if (!text.startsWith("#")) return Buffer.from(text);
  const digits = text.slice(1).replaceAll(":", "");
  if (!/^[0-9a-f]*$/i.test(digits)) return undefined;
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
}

/** charon treats a key id of this size as a SHA-1 digest and prints it in hexadecimal. */
const sha1Bytes = 20;

function keyId(bytes: Buffer): Identity {
  const text = printable(bytes);
  const isText = bytes.length !== sha1Bytes && text === bytes.toString("latin1");
  const hex = bytes.toString("hex").replace(/..(?!$)/g, "$&:");
  return { type: "keyid", text: isText ? text : hex };
}

/** Bytes as charon prints them: bytes that are not printable ASCII become question marks. */
function printable(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/[^\x20-\x7e]/g, "?");
}

function canonicalAddress(text: string): string | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
}

function isWithin(listed: string, range: string): boolean {
  const address = parseAddress(listed);
  if (address === undefined) return false;
  const network = parsePrefix(range);
  if (network !== undefined) return contains(network, address);
  const [first, last] = range.split("-").map(parseAddress);
  if (first?.family !== address.family || last === undefined) return false;
  return first.value <= address.value && address.value <= last.value;
}

/** Ignores case; a leading `*` matches any beginning. */
function matchesName(listed: string, declared: string): boolean {
  const [name, pattern] = [listed.toLowerCase(), declared.toLowerCase()];
  if (name === pattern) return true;
  // charon 6 treats a text from ^ to $ as a regular expression of its own syntax.
  if (pattern.startsWith("^") && pattern.endsWith("$")) return true;
  return pattern.startsWith("*") && name.endsWith(pattern.slice(1));
}
