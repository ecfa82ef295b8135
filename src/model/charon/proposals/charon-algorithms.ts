import { algorithmName } from "./algorithm-name.ts";
import { isInRange, type CharonVersion } from "./charon-version.ts";
import { keywordOf } from "./keywords.ts";
import { isDefaultProposal, keywordsIn, type ProposalProtocol } from "./proposal.ts";

/** The algorithms that a charon has, by the names that it lists. */
export interface CharonAlgorithms {
  readonly version: CharonVersion;
  readonly names: ReadonlySet<string>;
}

/** The transforms that charon computes; the kernel has the others of ESP and AH. */
const computedInIke = new Set(["cipher", "aead", "integrity", "prf", "group"]);
const computedInEsp = new Set(["group"]);

/**
 * The keyword for which a charon cannot use a proposal; undefined if it can. It needs to know every
 * keyword, and one algorithm of each transform: it negotiates with the others that it has.
 */
export function unsupportedKeyword(
  protocol: ProposalProtocol,
  proposal: string,
  { version, names }: CharonAlgorithms,
): string | undefined {
  if (isDefaultProposal(proposal)) return undefined;
  const words = keywordsIn(proposal);
  const unknown = words.find((word) => !isInRange(version, keywordOf(word)?.versions ?? {}));
  if (unknown !== undefined) return unknown;
  const computed = protocol === "ike" ? computedInIke : computedInEsp;
  for (const [transform, alternatives] of Map.groupBy(words, transformOf)) {
    const isAvailable = (word: string) => {
      const name = algorithmName(word);
      return name === undefined || names.has(name);
    };
    if (computed.has(transform.replace(/^ke\d /, "")) && !alternatives.some(isAvailable))
      return alternatives[0];
  }
  return undefined;
}

/** The transform of a keyword; additional key exchanges are separate ones, as in `ke1 group`. */
function transformOf(word: string): string {
  const number = /^ke\d/i.exec(word)?.[0].toLowerCase();
  return number === undefined ? (keywordOf(word)?.transform ?? "") : `${number} group`;
}
