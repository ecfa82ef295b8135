import type { Connection } from "../../model/api/connection.ts";
import { isOrphaned, type HeldSas } from "../../model/charon/held-sas.ts";
import type { CharonPort, NetworkPort } from "../ports/ports.ts";

/**
 * SAs and policies in the kernel that charon no longer holds, or whose tunnels are no longer
 * declared.
 */
export class OrphanedSas {
  readonly #network: NetworkPort;
  /** The if_ids of all present and former children: charon may be away while a child is removed. */
  readonly #ifIds = new Set<number>();
  /** The if_ids by charon's names of connection and child. */
  readonly #byName = new Map<string, number>();

  constructor(network: NetworkPort) {
    this.#network = network;
  }

  /** Remembers the if_ids of these connections' children. */
  note(connections: Iterable<Connection>): void {
    for (const { name, children } of connections) {
      for (const { selectorSets, ifId } of children) {
        this.#ifIds.add(ifId);
        for (const set of selectorSets) this.#byName.set(nameOf(name, set.name), ifId);
      }
    }
  }

  /**
   * Removes SAs and policies that charon does not list, such as those of a charon that was killed.
   * The kernel is read first, so that SAs which charon adds meanwhile are not considered. charon
   * lists twice, since a list may omit a CHILD SA that moves to another IKE SA meanwhile.
   */
  async removeOrphans({ held }: Pick<CharonPort, "held">): Promise<void> {
    const found = this.#network.kernelStates(this.#ifIds);
    if (found.length === 0) return;
    const lists = [await held(), await held()];
    const orphans = found.filter((state) =>
      lists.every((list) => isOrphaned(state, list, this.#trapped(list))),
    );
    if (orphans.length > 0) this.#network.removeStates(orphans);
  }

  /** Removes the SAs of these if_ids, except for if_ids that a declared connection uses. */
  remove(undeclared: Iterable<number>, declared: Iterable<Connection>): void {
    const ifIds = new Set(undeclared);
    for (const ifId of ifIds) this.#ifIds.add(ifId);
    for (const ifId of ifIdsOf(declared)) ifIds.delete(ifId);
    if (ifIds.size === 0) return;
    try {
      this.#network.removeSas(ifIds);
    } catch {
      // charon's namespace is gone, with all SAs in it.
    }
  }

  #trapped({ traps }: HeldSas): ReadonlySet<number> {
    const ifIds = traps.map(({ connection, child }) => this.#byName.get(nameOf(connection, child)));
    return new Set(ifIds.filter((ifId) => ifId !== undefined));
  }
}

function nameOf(connection: string, child: string): string {
  return JSON.stringify([connection, child]);
}

function* ifIdsOf(connections: Iterable<Connection>): Generator<number> {
  for (const { children } of connections) for (const { ifId } of children) yield ifId;
}
