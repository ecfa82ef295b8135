import type { Message } from "vici-client";
import type { CharonAlgorithms } from "../../../src/model/charon/proposals/charon-algorithms.ts";
import {
  isInRange,
  type CharonVersion,
} from "../../../src/model/charon/proposals/charon-version.ts";

/** The algorithms of OpenSSL, which both images have. */
const encryption = "AES_CBC AES_CTR CAMELLIA_CBC CAMELLIA_CTR CAST_CBC BLOWFISH_CBC 3DES_CBC";
const aead = "AES_GCM_16 AES_GCM_12 AES_GCM_8 AES_CCM_16 AES_CCM_12 AES_CCM_8 CHACHA20_POLY1305";
const integrity = "HMAC_MD5_96 HMAC_MD5_128 HMAC_SHA1_96 HMAC_SHA1_128 HMAC_SHA1_160";
const longIntegrity = [256, 384, 512].map((n) => `HMAC_SHA2_${n}_${n / 2} HMAC_SHA2_${n}_${n}`);
const prf = "PRF_KEYED_SHA1 PRF_HMAC_MD5 PRF_HMAC_SHA1 PRF_HMAC_SHA2_256 PRF_HMAC_SHA2_384";
const groups =
  "MODP_3072 MODP_4096 MODP_6144 MODP_8192 MODP_2048 MODP_2048_224 MODP_2048_256 MODP_1536 " +
  "MODP_1024 MODP_1024_160 MODP_768 MODP_CUSTOM ECP_256 ECP_384 ECP_521 ECP_224 ECP_192 " +
  "ECP_256_BP ECP_384_BP ECP_512_BP ECP_224_BP CURVE_25519 CURVE_448";

/** The algorithms of the plugins that the host's charon has besides. */
const ofPlugins = {
  aead: "CAMELLIA_CCM_8 CAMELLIA_CCM_12 CAMELLIA_CCM_16",
  integrity: "AES_CMAC_96 AES_XCBC_96 CAMELLIA_XCBC_96",
  prf: "PRF_AES128_XCBC PRF_AES128_CMAC PRF_CAMELLIA128_XCBC",
};
const mlKem = "ML_KEM_512 ML_KEM_768 ML_KEM_1024";

/** The reply to `get-algorithms`, in the sections that proposals are made of. */
export function algorithmsMessage(version: CharonVersion): Message {
  const isSince6 = isInRange(version, { since: "6.0.0" });
  const more = isSince6 ? { aead: "", integrity: "", prf: "" } : ofPlugins;
  return {
    encryption: section(encryption, "AES_ECB AES_CFB DES_CBC DES_ECB NULL"),
    aead: section(aead, more.aead),
    integrity: section(integrity, ...longIntegrity, more.integrity),
    prf: section(prf, "PRF_HMAC_SHA2_512", more.prf),
    ...(isSince6 ? { ke: section(groups, mlKem) } : { dh: section(groups) }),
  };
}

/** The algorithms of that reply, as ipman reads them. */
export function simulatedAlgorithms(version: CharonVersion): CharonAlgorithms {
  const sections = Object.values(algorithmsMessage(version)) as Message[];
  return { version, names: new Set(sections.flatMap(Object.keys)) };
}

/** charon names the plugin of each algorithm. */
function section(...names: string[]): Message {
  const words = names.flatMap((text) => text.split(" ")).filter((name) => name !== "");
  return Object.fromEntries(words.map((name) => [name, "openssl"]));
}
