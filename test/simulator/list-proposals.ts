import type { Message } from "vici-client";

type Transform = "encr" | "integ" | "prf" | "ke" | "sn";

/** The names by which charon lists the algorithms that tests use, by their keywords. */
const names: ReadonlyMap<string, readonly [Transform, string]> = new Map([
  ["aes128", ["encr", "AES_CBC_128"]],
  ["aes256", ["encr", "AES_CBC_256"]],
  ["sha1", ["integ", "HMAC_SHA1_96"]],
  ["sha256", ["integ", "HMAC_SHA2_256_128"]],
  ["ecp256", ["ke", "ECP_256"]],
  ["ecp384", ["ke", "ECP_384"]],
  ["modp2048", ["ke", "MODP_2048"]],
]);

/** The pseudo-random functions that charon adds to IKE proposals, by integrity algorithm. */
const functions: ReadonlyMap<string, string> = new Map([
  ["HMAC_SHA1_96", "PRF_HMAC_SHA1"],
  ["HMAC_SHA2_256_128", "PRF_HMAC_SHA2_256"],
]);

/** The section `proposals` of a connection that is listed by charon since 6.0.7. */
export function ikeProposals(proposals: Message[string] | undefined): Message {
  return numbered(proposals, (transforms) => ({
    ...transforms,
    prf: (transforms.integ ?? []).map((name) => functions.get(name) ?? name),
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

type Transforms = Partial<Record<Transform, string[]>>;

/** The proposals by number. @throws for a keyword whose name is not known here */
function numbered(
  proposals: Message[string] | undefined,
  complete: (transforms: Transforms) => Transforms,
): Message {
  const list = Array.isArray(proposals) ? proposals : [];
  return Object.fromEntries(
    list.map((proposal, i) => [String(i), complete(transformsOf(String(proposal)))]),
  );
}

function transformsOf(proposal: string): Transforms {
  const transforms: Transforms = {};
  for (const word of proposal.split("-")) {
    const [transform, name] = names.get(word) ?? [];
    if (transform === undefined || name === undefined)
      throw new Error(`the simulator does not know how charon lists ${word}`);
    (transforms[transform] ??= []).push(name);
  }
  return transforms;
}

function words(text: string): string[] {
  return text.split(" ");
}
