import { commonRange, everyVersion, isEmptyRange, type VersionRange } from "./charon-version.ts";

/** The kind of algorithm that a keyword stands for. `aead` is a cipher with built-in integrity. */
export type Transform =
  | "cipher"
  | "aead"
  | "integrity"
  | "prf"
  | "group"
  | "additional group"
  | "esn";

/** A keyword of charon's proposals. */
export interface Keyword {
  readonly transform: Transform;
  readonly versions: VersionRange;
}

const sizes = ["128", "192", "256"];
const aes = each(["aes"], sizes);
const camellia = each(["camellia"], sizes);
const checkValueLengths = ["8", "64", "12", "96", "16", "128"];
const withCheckValue = each(["ccm", "gcm"], [...checkValueLengths, ""]);

/** The first version with additional key exchanges (RFC 9370). */
const multipleExchanges: VersionRange = { since: "6.0.0" };
const experimental: VersionRange = { before: "6.0.0" };

/**
 * The keywords by transform. Source: strongSwan 5.9.8 and 6.0.6,
 * src/libstrongswan/crypto/proposal/proposal_keywords_static.txt.
 */
const rows: readonly (readonly [Transform, readonly string[], VersionRange?])[] = [
  ["cipher", words("null des 3des aes cast128 blowfish camellia serpent twofish")],
  ["cipher", [...aes, ...each(aes, ["ctr"]), ...camellia, ...each(camellia, ["ctr"])]],
  ["cipher", each(["blowfish", "serpent", "twofish"], sizes)],
  ["aead", [...each(aes, withCheckValue), ...each(aes, ["gmac"])]],
  ["aead", each(each(camellia, ["ccm"]), checkValueLengths)],
  ["aead", words("chacha20poly1305 chacha20poly1305compat")],
  ["integrity", words("md5 md5_128 sha sha1 sha1_160 sha256 sha2_256 sha256_96 sha2_256_96")],
  ["integrity", words("sha384 sha2_384 sha512 sha2_512 aesxcbc camelliaxcbc aescmac")],
  ["prf", words("prfmd5 prfsha1 prfsha256 prfsha384 prfsha512")],
  ["prf", words("prfaesxcbc prfcamelliaxcbc prfaescmac")],
  ["group", words("none modpnone modpnull modp768 modp1024 modp1536 modp2048 modp3072 modp4096")],
  ["group", words("modp6144 modp8192 modp1024s160 modp2048s224 modp2048s256")],
  ["group", words("ecp192 ecp224 ecp256 ecp384 ecp521 ecp224bp ecp256bp ecp384bp ecp512bp")],
  ["group", words("curve25519 x25519 curve448 x448")],
  ["group", words("ntru112 ntru128 ntru192 ntru256 newhope128"), experimental],
  ["group", words("mlkem512 mlkem768 mlkem1024 gost256 gost512"), multipleExchanges],
  ["esn", words("noesn esn")],
];

/** charon's keywords, except for those of additional key exchanges. charon minds their case. */
export const keywords: ReadonlyMap<string, Keyword> = new Map(
  rows.flatMap(([transform, names, versions = everyVersion]) =>
    names.map((name) => [name, { transform, versions }] as const),
  ),
);

/** Finds a keyword; also an additional key exchange, such as `ke1_mlkem768`. */
export function keywordOf(word: string): Keyword | undefined {
  return keywords.get(word) ?? additionalExchange(word);
}

function additionalExchange(word: string): Keyword | undefined {
  const group = keywords.get(/^ke[1-7]_(.+)$/i.exec(word)?.[1] ?? "");
  if (group?.transform !== "group") return undefined;
  const versions = commonRange([multipleExchanges, group.versions]);
  return isEmptyRange(versions) ? undefined : { transform: "additional group", versions };
}

/** Stands for no key exchange: charon removes it from IKE proposals. */
export function isNoGroup(word: string): boolean {
  return word === "none" || word === "modpnone";
}

/** Integrity algorithms for which charon knows no pseudo-random function. */
export function isWithoutPrf(word: string): boolean {
  return word === "sha256_96" || word === "sha2_256_96";
}

/** Ciphers that do not encrypt. */
export function isWithoutEncryption(word: string): boolean {
  return word === "null" || isGmac(word);
}

/** AES-GMAC, which charon uses as an integrity algorithm in AH proposals. */
export function isGmac(word: string): boolean {
  return word.endsWith("gmac");
}

function words(text: string): string[] {
  return text.split(" ");
}

function each(names: readonly string[], suffixes: readonly string[]): string[] {
  return names.flatMap((name) => suffixes.map((suffix) => `${name}${suffix}`));
}
