import { keywordOf, type Transform } from "./keywords.ts";

/**
 * The name by which charon lists the algorithm of a keyword; undefined if the keyword is not one of
 * charon, or stands for no algorithm. Source: strongSwan, src/libstrongswan/crypto/proposal/
 * proposal_keywords_static.txt, and the names of the algorithms in crypters, signers, prfs, key_exchange.
 */
export function algorithmName(word: string): string | undefined {
  const transform = keywordOf(word)?.transform;
  if (transform === undefined) return undefined;
  const method = word.replace(/^ke\d_/i, "");
  return exactNames.get(method) ?? familyName(transform, method);
}

const exactNames: ReadonlyMap<string, string> = new Map([
  ["null", "NULL"],
  ["des", "DES_CBC"],
  ["3des", "3DES_CBC"],
  ["cast128", "CAST_CBC"],
  ["chacha20poly1305", "CHACHA20_POLY1305"],
  ["chacha20poly1305compat", "CHACHA20_POLY1305"],
  ["md5", "HMAC_MD5_96"],
  ["md5_128", "HMAC_MD5_128"],
  ["sha", "HMAC_SHA1_96"],
  ["sha1", "HMAC_SHA1_96"],
  ["sha1_160", "HMAC_SHA1_160"],
  ["sha256", "HMAC_SHA2_256_128"],
  ["sha2_256", "HMAC_SHA2_256_128"],
  ["sha256_96", "HMAC_SHA2_256_96"],
  ["sha2_256_96", "HMAC_SHA2_256_96"],
  ["sha384", "HMAC_SHA2_384_192"],
  ["sha2_384", "HMAC_SHA2_384_192"],
  ["sha512", "HMAC_SHA2_512_256"],
  ["sha2_512", "HMAC_SHA2_512_256"],
  ["aesxcbc", "AES_XCBC_96"],
  ["aescmac", "AES_CMAC_96"],
  ["camelliaxcbc", "CAMELLIA_XCBC_96"],
  ["prfmd5", "PRF_HMAC_MD5"],
  ["prfsha1", "PRF_HMAC_SHA1"],
  ["prfsha256", "PRF_HMAC_SHA2_256"],
  ["prfsha384", "PRF_HMAC_SHA2_384"],
  ["prfsha512", "PRF_HMAC_SHA2_512"],
  ["prfaesxcbc", "PRF_AES128_XCBC"],
  ["prfaescmac", "PRF_AES128_CMAC"],
  ["prfcamelliaxcbc", "PRF_CAMELLIA128_XCBC"],
  ["modpnull", "MODP_NULL"],
  ["curve25519", "CURVE_25519"],
  ["x25519", "CURVE_25519"],
  ["curve448", "CURVE_448"],
  ["x448", "CURVE_448"],
  ["newhope128", "NEWHOPE_128"],
]);

/** The lengths of an integrity check value in bytes, also by their bits. */
const checkValueBytes: Readonly<Record<string, string>> = {
  8: "8",
  64: "8",
  12: "12",
  96: "12",
  16: "16",
  128: "16",
  "": "16",
};

type NameOf = (parts: readonly string[]) => string;

/** Algorithms whose names have the parts of the keyword. */
const families: readonly (readonly [Transform, RegExp, NameOf])[] = [
  ["aead", /^aes\d+gmac$/, () => "NULL_AES_GMAC"],
  [
    "aead",
    /^(aes|camellia)\d+(gcm|ccm)(\d*)$/,
    ([cipher = "", mode = "", length = ""]) =>
      `${cipher}_${mode}_${checkValueBytes[length] ?? ""}`.toUpperCase(),
  ],
  ["cipher", /^(aes|camellia)\d+ctr$/, ([cipher = ""]) => `${cipher.toUpperCase()}_CTR`],
  ["cipher", /^([a-z]+)\d*$/, ([cipher = ""]) => `${cipher.toUpperCase()}_CBC`],
  ["group", /^modp(\d+)$/, ([bits = ""]) => `MODP_${bits}`],
  ["group", /^modp(\d+)s(\d+)$/, ([bits = "", order = ""]) => `MODP_${bits}_${order}`],
  [
    "group",
    /^ecp(\d+)(bp)?$/,
    ([bits = "", brainpool]) => (brainpool === undefined ? `ECP_${bits}` : `ECP_${bits}_BP`),
  ],
  ["group", /^ntru(\d+)$/, ([bits = ""]) => `NTRU_${bits}`],
  ["group", /^gost(\d+)$/, ([bits = ""]) => `GOST3410_${bits}`],
  ["group", /^mlkem(\d+)$/, ([size = ""]) => `ML_KEM_${size}`],
];

function familyName(transform: Transform, method: string): string | undefined {
  const kind = transform === "additional group" ? "group" : transform;
  for (const [family, pattern, nameOf] of families) {
    const parts = family === kind ? pattern.exec(method) : null;
    if (parts !== null) return nameOf(parts.slice(1));
  }
  return undefined;
}
