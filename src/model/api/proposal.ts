/** The protocol of a proposal; each requires different parts. */
export type ProposalProtocol = "ike" | "esp";

type Part = "cipher" | "aead" | "integrity" | "prf" | "group" | "esn";

/**
 * The keywords of charon's proposals by their kind. Source: strongSwan 5.9,
 * src/libstrongswan/crypto/proposal/proposal_keywords_static.txt.
 */
const parts: readonly (readonly [Part, RegExp])[] = [
  [
    "aead",
    /^(aes(128|192|256)(gcm|ccm)(8|12|16|64|96|128)?|camellia(128|192|256)ccm(8|12|16|64|96|128)?|chacha20poly1305|aes(128|192|256)gmac)$/,
  ],
  [
    "cipher",
    /^(null|3des|des|aes|(aes|camellia)(128|192|256)?(ctr)?|blowfish(128|192|256)?|cast128|(serpent|twofish)(128|192|256)?)$/,
  ],
  [
    "integrity",
    /^(md5(_128)?|sha|sha1(_160)?|sha256(_96)?|sha2_256(_96)?|sha384|sha2_384|sha512|sha2_512|aesxcbc|camelliaxcbc|aescmac)$/,
  ],
  ["prf", /^prf(md5|sha1|sha256|sha384|sha512|aesxcbc|aescmac|camelliaxcbc)$/],
  [
    "group",
    /^(modp(768|1024|1536|2048|3072|4096|6144|8192|1024s160|2048s224|2048s256|none)|ecp(192|224|256|384|521)(bp)?|(curve|x)25519|(curve|x)448|ke\d_[a-z0-9]+|mlkem(512|768|1024))$/,
  ],
  ["esn", /^(no)?esn$/],
];

/** The proposals of a comma-separated list, each as its keywords. */
export function splitProposals(text: string): string[] {
  return text.split(",").map((proposal) => proposal.trim());
}

/** The problem of a comma-separated list of proposals, if charon would reject it. */
export function proposalProblem(protocol: ProposalProtocol, text: string): string | undefined {
  for (const proposal of splitProposals(text)) {
    const problem = singleProblem(protocol, proposal);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function singleProblem(protocol: ProposalProtocol, proposal: string): string | undefined {
  if (proposal === "default") return undefined;
  if (proposal === "")
    return "a proposal is empty: join algorithms by dashes, as in aes256-sha256-ecp256";
  const found = new Set<Part>();
  for (const keyword of proposal.split("-")) {
    const part = parts.find(([, pattern]) => pattern.test(keyword))?.[0];
    if (part === undefined)
      return `"${keyword}" in "${proposal}" is not an algorithm of charon: check its spelling`;
    found.add(part);
  }
  return missingPart(protocol, proposal, found);
}

function missingPart(
  protocol: ProposalProtocol,
  proposal: string,
  found: ReadonlySet<Part>,
): string | undefined {
  if (!found.has("cipher") && !found.has("aead")) {
    return `"${proposal}" has no encryption algorithm: add one, such as aes256 or aes256gcm16`;
  }
  if (found.has("cipher") && found.has("aead")) {
    return `"${proposal}" mixes ciphers with and without built-in integrity: split it into two proposals`;
  }
  if (found.has("cipher") && !found.has("integrity")) {
    return `"${proposal}" has no integrity algorithm: add one, such as sha256`;
  }
  if (protocol === "ike" && !found.has("group")) {
    return `"${proposal}" has no key exchange group: add one, such as ecp256`;
  }
  if (protocol === "ike" && found.has("aead") && !found.has("prf") && !found.has("integrity")) {
    return `"${proposal}" has no pseudo-random function: add one, such as prfsha256`;
  }
  return undefined;
}
