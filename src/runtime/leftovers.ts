import type { Connection } from "../model/connection.ts";
import type { NetworkPort } from "./ports.ts";

/** What may be in the kernel of tunnels that nobody declares any more: charon may not remove it. */
export class Leftovers {
  readonly #network: NetworkPort;
  /** Of every child that is, or was, declared: charon may be away while one goes. */
  readonly #ifIds = new Set<number>();

  constructor(network: NetworkPort) {
    this.#network = network;
  }

  /** Remembers the children of connections. */
  note(connections: Iterable<Connection>): void {
    for (const ifId of ifIdsOf(connections)) this.#ifIds.add(ifId);
  }

  /**
   * Removes what a charon before the present one left.
   *
   * @param live the if_ids of the CHILD SAs that charon has
   */
  removeOrphans(live: ReadonlySet<number>): void {
    this.#network.removeOrphans(this.#ifIds, live);
  }

  /** Removes the SAs of these if_ids, but for those that somebody declares: he has a right to them. */
  remove(undeclared: Iterable<number>, declared: Iterable<Connection>): void {
    const ifIds = new Set(undeclared);
    for (const ifId of ifIds) this.#ifIds.add(ifId);
    for (const ifId of ifIdsOf(declared)) ifIds.delete(ifId);
    if (ifIds.size === 0) return;
    try {
      this.#network.removeSas(ifIds);
    } catch {
      // charon's namespace is gone, and what was in it.
    }
  }
}

function* ifIdsOf(connections: Iterable<Connection>): Generator<number> {
  for (const { children } of connections) for (const { ifId } of children) yield ifId;
}
