import { commonRange, everyVersion, type VersionRange } from "./charon-version.ts";
import {
  isGmac,
  isNoGroup,
  isWithoutPrf,
  keywordOf,
  type Keyword,
  type Transform,
} from "./keywords.ts";

/** The protocol of a proposal; each requires different parts. */
export type ProposalProtocol = "ike" | "esp" | "ah";

/** Why charon rejects a proposal. */
export type ProposalFault =
  | { readonly kind: "empty" | "no cipher" | "mixed" | "no integrity" | "no group" | "no prf" }
  | { readonly kind: "unknown"; readonly keyword: string };

/** charon's verdict on a proposal: the versions that accept it, or the fault. */
export type ProposalVerdict =
  | { readonly ok: true; readonly versions: VersionRange }
  | { readonly ok: false; readonly fault: ProposalFault };

/** The proposals of a comma-separated list. */
export function splitProposals(text: string): string[] {
  return text.split(",").map((proposal) => proposal.trim());
}

/** Whether a proposal stands for the proposals that charon considers safe. */
export function isDefaultProposal(proposal: string): boolean {
  return proposal.toLowerCase() === "default";
}

/** The keywords of a proposal. charon skips blanks around them, and dashes without one. */
export function keywordsIn(proposal: string): string[] {
  return proposal
    .split("-")
    .map((word) => word.replaceAll(/^ +| +$/g, ""))
    .filter((word) => word !== "");
}

/**
 * Checks a proposal as charon does. Source: strongSwan,
 * src/libstrongswan/crypto/proposal/proposal.c, `proposal_create_from_string`.
 */
export function checkProposal(protocol: ProposalProtocol, proposal: string): ProposalVerdict {
  if (isDefaultProposal(proposal)) return { ok: true, versions: everyVersion };
  const words = keywordsIn(proposal);
  const found = new Map<string, Keyword>();
  for (const word of words) {
    const keyword = keywordOf(word);
    if (keyword === undefined) return failed({ kind: "unknown", keyword: word });
    found.set(word, keyword);
  }
  const kind = words.length === 0 ? "empty" : missingPart(protocol, found);
  if (kind !== undefined) return failed({ kind });
  return { ok: true, versions: commonRange([...found.values()].map(({ versions }) => versions)) };
}

function failed(fault: ProposalFault): ProposalVerdict {
  return { ok: false, fault };
}

type MissingPart = Exclude<ProposalFault["kind"], "unknown" | "empty">;

function missingPart(
  protocol: ProposalProtocol,
  keywords: ReadonlyMap<string, Keyword>,
): MissingPart | undefined {
  const of = (transform: Transform) =>
    [...keywords].flatMap(([word, keyword]) => (keyword.transform === transform ? [word] : []));
  const integrity = of("integrity");
  const aead = of("aead");
  if (protocol === "ah")
    return integrity.length > 0 || aead.some(isGmac) ? undefined : "no integrity";
  const ciphers = of("cipher");
  if (ciphers.length === 0 && aead.length === 0) return "no cipher";
  if (ciphers.length > 0 && aead.length > 0) return "mixed";
  if (protocol === "esp") return undefined;
  if (ciphers.length > 0 && integrity.length === 0) return "no integrity";
  if (of("group").every(isNoGroup)) return "no group";
  // charon takes the function from the integrity algorithm if the proposal has none.
  return of("prf").length > 0 || !integrity.every(isWithoutPrf) ? undefined : "no prf";
}
