import { own } from "../../value/own.ts";
import { similarWord } from "../../text/similar-word.ts";
import { isWithoutEncryption, keywordOf, keywords } from "./keywords.ts";
import {
  checkProposal,
  isDefaultProposal,
  keywordsIn,
  splitProposals,
  type ProposalFault,
  type ProposalProtocol,
} from "./proposal.ts";

/** charon before 6.0 cuts a longer proposal. */
const longestProposal = 511;

/**
 * The problem of a comma-separated list of proposals, if charon rejects it, or if its packets would
 * not be protected.
 */
export function proposalProblem(protocol: ProposalProtocol, text: string): string | undefined {
  for (const proposal of splitProposals(text)) {
    const problem = singleProblem(protocol, proposal);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function singleProblem(protocol: ProposalProtocol, proposal: string): string | undefined {
  if (proposal.length > longestProposal)
    return `a proposal has ${proposal.length} characters: split it, since charon reads ${longestProposal}`;
  const verdict = checkProposal(protocol, proposal);
  if (!verdict.ok) return wordsFor(verdict.fault, proposal);
  // charon accepts such a proposal for ESP, and the packets could be changed on their way.
  const words = isDefaultProposal(proposal) ? [] : keywordsIn(proposal);
  const kinds = new Set(words.map((word) => keywordOf(word)?.transform));
  return kinds.has("cipher") && !kinds.has("integrity")
    ? wordsFor({ kind: "no integrity" }, proposal)
    : undefined;
}

const missing = {
  "no cipher": "has no encryption algorithm: add one, such as aes256 or aes256gcm16",
  mixed: "mixes ciphers with and without built-in integrity: split it into two proposals",
  "no integrity": "has no integrity algorithm: add one, such as sha256",
  "no group": "has no key exchange group: add one, such as ecp256",
  "no prf": "has no pseudo-random function: add one, such as prfsha256",
} as const;

function wordsFor(fault: ProposalFault, proposal: string): string {
  if (fault.kind === "empty")
    return "a proposal is empty: join algorithms by dashes, as in aes256-sha256-ecp256";
  if (fault.kind === "unknown")
    return `"${fault.keyword}" in "${proposal}" is not an algorithm of charon: ${remedyFor(fault.keyword)}`;
  return `"${proposal}" ${missing[fault.kind]}`;
}

/** The numbers by which partners name key exchange groups (IANA, IKEv2 transform type 4). */
const groupsByNumber: Readonly<Record<string, string>> = {
  1: "modp768",
  2: "modp1024",
  5: "modp1536",
  14: "modp2048",
  15: "modp3072",
  16: "modp4096",
  17: "modp6144",
  18: "modp8192",
  19: "ecp256",
  20: "ecp384",
  21: "ecp521",
  22: "modp1024s160",
  23: "modp2048s224",
  24: "modp2048s256",
  27: "ecp224bp",
  28: "ecp256bp",
  29: "ecp384bp",
  30: "ecp512bp",
  31: "x25519",
  32: "x448",
};

function remedyFor(word: string): string {
  if (word.endsWith("!"))
    return "remove the !, which is for ipsec.conf; charon accepts the listed proposals only";
  if (keywordOf(word.toLowerCase()) !== undefined) return `write ${word.toLowerCase()}`;
  const number = /^(?:dh|group|dhgroup|modp)_?(\d+)$/i.exec(word)?.[1];
  const group = own(groupsByNumber, number ?? "");
  if (group !== undefined) return `write ${group}`;
  if (/^\d+$/.test(word)) return "write name and size as one word, such as aes256 or sha256";
  const similar = similarWord(word.toLowerCase(), keywords.keys());
  return similar === undefined ? "check its spelling" : `did you mean ${similar}?`;
}

/** Why a list of proposals is likely a mistake, although charon accepts it. */
export function proposalWarning(text: string): string | undefined {
  const word = splitProposals(text).flatMap(keywordsIn).find(isWithoutEncryption);
  return word === undefined ? undefined : `"${word}" does not encrypt: the peer may choose it`;
}
