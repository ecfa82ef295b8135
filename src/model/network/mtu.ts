import type { Family } from "../net/address.ts";
import { isDefaultProposal, keywordsIn, splitProposals } from "../charon/proposals/proposal.ts";

/** The overhead of an ESP cipher suite, in bytes. */
export interface EspSuite {
  readonly iv: number;
  readonly icv: number;
  /** Ciphertext is padded to a multiple of this. */
  readonly align: number;
}

/** The path of ESP packets. */
export interface EspPath {
  /** MTU of the path between the IKE hosts, in bytes. */
  readonly mtu: number;
  /** Family of the outer addresses; undefined while they are not known. */
  readonly family: Family | undefined;
  /** Whether NAT traversal wraps ESP in UDP. */
  readonly encapsulated: boolean;
}

const espHeader = 8;
const espTrailer = 2;
const udpHeader = 8;
const outerHeader: Record<Family, number> = { 4: 20, 6: 40 };
/** A packet that fits behind the longer header fits behind the shorter one too. */
const costliestFamily: Family = 6;
const vxlanOverhead: Record<Family, number> = { 4: 50, 6: 70 };

/** The smallest MTU that IPv6 allows (RFC 8200). */
export const minimumMtu = 1280;

/** Computes the largest inner packet whose ESP packet fits the path, in bytes. */
export function innerMtu(path: EspPath, suite: EspSuite): number {
  const udp = path.encapsulated ? udpHeader : 0;
  const room =
    path.mtu - outerHeader[path.family ?? costliestFamily] - udp - espHeader - suite.iv - suite.icv;
  return Math.floor(room / suite.align) * suite.align - espTrailer;
}

/** Computes the largest packet that a VXLAN segment carries over a network of that MTU, in bytes. */
export function vxlanMtu(underlayMtu: number, family: Family): number {
  return underlayMtu - vxlanOverhead[family];
}

/** The suite of a negotiated CHILD SA, by VICI's names of its algorithms: `AES_CBC`, `HMAC_SHA2_256_128`. */
export function suiteOfSa(encryption: string, integrity: string | undefined): EspSuite {
  const icv = integrity === undefined ? aeadIcv(encryption) : integrityIcv(integrity);
  if (/GCM|CCM|CTR|CHACHA20|GMAC/.test(encryption)) return { iv: 8, icv, align: 4 };
  if (/3DES|DES|BLOWFISH|CAST/.test(encryption)) return { iv: 8, icv, align: 8 };
  if (encryption.includes("NULL")) return { iv: 0, icv, align: 4 };
  return { iv: 16, icv, align: 16 };
}

/** The suite with the largest overhead among the proposals: a packet that fits it fits every other. */
export function suiteOfProposals(proposals: string | undefined): EspSuite {
  const suites = (proposals === undefined ? ["default"] : splitProposals(proposals)).map(
    suiteOfProposal,
  );
  return suites.reduce((largest, suite) => ({
    iv: Math.max(largest.iv, suite.iv),
    icv: Math.max(largest.icv, suite.icv),
    align: Math.max(largest.align, suite.align),
  }));
}

function suiteOfProposal(proposal: string): EspSuite {
  // charon's default proposals include CBC with SHA-512.
  if (isDefaultProposal(proposal)) return { iv: 16, icv: 32, align: 16 };
  const icv = Math.max(...keywordsIn(proposal).map(keywordIcv));
  if (/(gcm|ccm|gmac|chacha20)/.test(proposal)) return { iv: 8, icv: 16, align: 4 };
  if (/ctr/.test(proposal)) return { iv: 8, icv, align: 4 };
  if (/^(3des|des|blowfish|cast)/.test(proposal)) return { iv: 8, icv, align: 8 };
  return { iv: 16, icv, align: 16 };
}

function keywordIcv(keyword: string): number {
  if (/^sha(2_)?512/.test(keyword)) return 32;
  if (/^sha(2_)?384/.test(keyword)) return 24;
  if (/^sha(2_)?256(?!_96)|^md5_128/.test(keyword)) return 16;
  if (keyword === "sha1_160") return 20;
  return 12;
}

function integrityIcv(name: string): number {
  const bits = /_(\d+)$/.exec(name)?.[1];
  return bits === undefined ? 12 : Number(bits) / 8;
}

function aeadIcv(name: string): number {
  const bytes = /_(8|12|16)$/.exec(name)?.[1];
  return bytes === undefined ? 16 : Number(bytes);
}
