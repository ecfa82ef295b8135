import { parseAddress, sameAddress, type Address } from "../net/address.ts";
import type { ChildSa } from "../charon/sa.ts";

/** The kernel's counters of an SA. */
export interface KernelCounters {
  readonly ifId: number;
  readonly source: Address;
  readonly destination: Address;
  /** Packets that were sent, or accepted. */
  readonly packets: number;
  /** Packets that arrived and failed the integrity check. */
  readonly integrityFailures: number;
}

/** The counters of all SAs of a child. */
export interface ChildCounters {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly integrityFailures: number;
}

/**
 * Adds up the counters of a child's SAs. The kernel does not list the direction of an SA; an
 * inbound one has the peer as its source.
 *
 * @param counters those of the SAs with the child's if_id
 * @param sas the CHILD SAs that charon lists
 */
export function childCounters(
  counters: readonly KernelCounters[],
  sas: readonly Pick<ChildSa, "remoteHost">[],
): ChildCounters {
  const peers = sas.flatMap(({ remoteHost }) => parseAddress(remoteHost) ?? []);
  const isPeer = (address: Address) => peers.some((peer) => sameAddress(peer, address));
  const inbound = counters.filter(({ source }) => isPeer(source));
  const outbound = counters.filter(({ destination }) => isPeer(destination));
  return {
    packetsIn: sumOf(inbound, "packets"),
    packetsOut: sumOf(outbound, "packets"),
    integrityFailures: sumOf(inbound, "integrityFailures"),
  };
}

function sumOf(all: readonly KernelCounters[], name: "packets" | "integrityFailures"): number {
  return all.reduce((sum, { [name]: count }) => sum + count, 0);
}
