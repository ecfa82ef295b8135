import type { Message } from "vici-client";
import { algorithmName } from "../../../src/model/charon/proposals/algorithm-name.ts";
import { keywordOf, type Transform } from "../../../src/model/charon/proposals/keywords.ts";
import { keywordsIn } from "../../../src/model/charon/proposals/proposal.ts";

/** The names of algorithms by the names of their transforms. */
type Transforms = Record<string, string[]>;

const transformNames: Readonly<Record<Transform, string>> = {
  cipher: "encr",
  aead: "encr",
  integrity: "integ",
  prf: "prf",
  group: "ke",
  "additional group": "ake",
  esn: "sn",
};

/** The section `proposals` of a connection that is listed by charon since 6.0.7. */
export function ikeProposals(proposals: Message[string] | undefined): Message {
  return numbered(proposals, ({ integ = [], ...transforms }, isAead) => ({
    prf: integ.map((name) => `PRF_${name.replace(/_\d+$/, "")}`),
    ...transforms,
    ...(!isAead && { integ }),
  }));
}

const groups =
  "ECP_256 ECP_384 ECP_521 ECP_256_BP ECP_384_BP ECP_512_BP CURVE_25519 CURVE_448 MODP_3072 " +
  "MODP_4096 MODP_6144 MODP_8192 MODP_2048 KE_NONE";

/** The ESP proposals of a child that has none, in the order of the image's charon. */
const defaults: readonly Transforms[] = [
  { encr: words("AES_GCM_16_128 AES_GCM_16_192 AES_GCM_16_256") },
  {
    encr: words("AES_CBC_128 AES_CBC_192 AES_CBC_256"),
    integ: words("HMAC_SHA2_256_128 HMAC_SHA2_384_192 HMAC_SHA2_512_256 HMAC_SHA1_96 AES_XCBC_96"),
  },
].map((transforms) => ({ ...transforms, ke: words(groups), sn: ["NO_EXT_SEQ"] }));

/** The section `esp_proposals` of a child. */
export function espProposals(proposals: Message[string] | undefined): Message {
  if (proposals === undefined) return Object.fromEntries(defaults.entries()) as Message;
  return numbered(proposals, (transforms) => ({ ...transforms, sn: ["NO_EXT_SEQ"] }));
}

/** The proposals by number. */
function numbered(
  proposals: Message[string] | undefined,
  complete: (transforms: Transforms, isAead: boolean) => Transforms,
): Message {
  const list = Array.isArray(proposals) ? proposals : [];
  return Object.fromEntries(
    list.map((proposal, i) => {
      const words = keywordsIn(String(proposal));
      const isAead = words.some((word) => keywordOf(word)?.transform === "aead");
      return [String(i), complete(transformsOf(words), isAead)];
    }),
  );
}

function transformsOf(words: readonly string[]): Transforms {
  const transforms: Transforms = {};
  for (const word of words) {
    const transform = transformNames[keywordOf(word)?.transform ?? "esn"];
    const number = /^ke(\d)_/i.exec(word)?.[1] ?? "";
    (transforms[`${transform}${number}`] ??= []).push(`${algorithmName(word)}${keySize(word)}`);
  }
  return transforms;
}

/** The size of a cipher's key, as the end of its name. */
function keySize(word: string): string {
  const sized = /^(?:aes|camellia|blowfish|serpent|twofish)(\d*)(?!.*(?:xcbc|cmac))/.exec(word);
  return sized === null ? "" : `_${sized[1] === "" ? 128 : sized[1]}`;
}

function words(text: string): string[] {
  return text.split(" ");
}
