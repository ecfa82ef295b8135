import type { ChildSnapshot } from "../../machines/child/child.ts";
import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import { tunnelIfIds } from "../../model/api/path.ts";
import { narrowedToPair } from "../../model/charon/narrowed-to-pair.ts";
import type { ChildSa, IkeSa } from "../../model/charon/sa.ts";
import { Reason } from "../../model/status/failure.ts";
import { formatPrefix, type Prefix } from "../../model/net/prefix.ts";
import { Memo } from "../../model/value/memo.ts";
import { childSnapshotOf } from "../actors/snapshots.ts";
import type { DesiredState } from "../desired/desired-state.ts";

/** How a peer accepts the networks of a child: in one CHILD SA, as far as it has them, or in pairs. */
type Mode = "together" | "perPair";

/**
 * Remembers which peers accept one pair of networks for each CHILD SA, for the children whose
 * manifests leave that open. A child begins with one CHILD SA. It gets one for each pair once the
 * peer requires that or narrows the CHILD SA to one pair, and keeps them if the peer accepts more
 * than one. Each peer is asked once: a change of the networks or of the peer begins again.
 */
export class PeerModes {
  /** By child, its networks and its peer. */
  readonly #modes = new Map<string, Mode>();
  readonly #applied = new Memo<Connection, Connection>();
  #isFirstList = true;

  /** The connections with the CHILD SAs that their peers accept; forgets undeclared children. */
  apply(desired: DesiredState): DesiredState {
    if (this.#modes.size === 0) return desired;
    const declared = new Set<string>();
    const connections = new Map<string, Connection>();
    for (const [id, connection] of desired.connections) {
      const modes = connection.children.map((child) => {
        if (!isOpen(child)) return undefined;
        const key = keyOf(connection, child);
        declared.add(key);
        return this.#modes.get(key);
      });
      connections.set(id, this.#withModes(connection, modes));
    }
    for (const key of this.#modes.keys()) if (!declared.has(key)) this.#modes.delete(key);
    return { ...desired, connections };
  }

  /** Handles the end of a session with charon: the next list shows the SAs that exist by then. */
  endSession(): void {
    this.#isFirstList = true;
  }

  /**
   * Learns from the SAs that exist when a session begins, so that an agent that restarts keeps them.
   * Returns whether it learned something.
   *
   * @param connections the connections as they are declared
   */
  takeList(ikeSas: readonly IkeSa[], connections: Iterable<Connection>): boolean {
    if (!this.#isFirstList) return false;
    this.#isFirstList = false;
    const listed = ikeSas.flatMap(({ children }) => children);
    let isChanged = false;
    for (const connection of connections) {
      for (const child of connection.children) {
        if (!isOpen(child)) continue;
        const ifIds = tunnelIfIds(connection, child.key);
        const own = listed.filter(({ ifId }) => ifId !== undefined && ifIds.includes(ifId));
        const mode = hasPairs(own, child)
          ? "perPair"
          : own.some((sa) => narrowedToPair(sa, child))
            ? "together"
            : undefined;
        if (mode !== undefined && this.#learn(connection, child, mode)) isChanged = true;
      }
    }
    return isChanged;
  }

  /**
   * Learns from the answers of the peer to a connection's actor, and from SAs that an earlier manifest
   * left. Returns whether it learned something.
   *
   * @param connection the connection as it is declared
   */
  observe(connection: Connection, snapshot: ConnectionSnapshot): boolean {
    let isChanged = false;
    for (const child of connection.children) {
      if (!isOpen(child)) continue;
      const own = childSnapshotOf(snapshot, child.key);
      if (own === undefined) continue;
      const next = modeAfter(this.#modes.get(keyOf(connection, child)), child, own);
      if (next !== undefined && this.#learn(connection, child, next)) isChanged = true;
    }
    return isChanged;
  }

  #learn(connection: Connection, child: Child, mode: Mode): boolean {
    const key = keyOf(connection, child);
    if (this.#modes.get(key) === mode) return false;
    this.#modes.set(key, mode);
    return true;
  }

  #withModes(connection: Connection, modes: readonly (Mode | undefined)[]): Connection {
    if (!modes.includes("perPair")) return connection;
    return this.#applied.of(connection, modes, () => ({
      ...connection,
      children: connection.children.map((child, i) =>
        modes[i] === "perPair" ? { ...child, selectorSets: child.pairSets } : child,
      ),
    }));
  }
}

/** Whether some of the CHILD SAs are of pairs, such as by an earlier manifest. */
function hasPairs(sas: readonly ChildSa[], { pairSets }: Child): boolean {
  return sas.some(({ name }) => pairSets.some((set) => set.name === name));
}

/** Whether the manifest leaves the mode to the peer. */
function isOpen({ pairSets }: Child): boolean {
  return pairSets.length > 0;
}

/** The mode that a child's answers call for; undefined without a new conclusion. */
function modeAfter(
  known: Mode | undefined,
  child: Child,
  snapshot: ChildSnapshot,
): Mode | undefined {
  const { sas, failure, child: current, settled } = snapshot.context;
  if (known === undefined) {
    if (hasPairs(sas, child)) return "perPair";
    const isRequired = failure?.reason === Reason.SinglePairRequired;
    const isNarrowed = settled && sas.some((sa) => narrowedToPair(sa, child));
    return isRequired || isNarrowed ? "perPair" : undefined;
  }
  if (known === "together" || current.selectorSets.length < 2 || !snapshot.matches("failed"))
    return undefined;
  // The peer has only one of the pairs, so it narrowed the CHILD SA for another reason.
  const isRefused = failure?.reason === Reason.TrafficSelectorsRefused;
  const accepted = new Set(sas.map(({ name }) => name));
  return isRefused && accepted.size === 1 ? "together" : undefined;
}

/** Every event of a connection's actors asks for the keys of its children. */
const keys = new Memo<Child, string>();

function keyOf({ id, remoteAddr, remoteId }: Connection, child: Child): string {
  return keys.of(child, [id, remoteAddr, remoteId], () => {
    const { key, localSelectors, remoteSelectors } = child;
    const networks = [localSelectors, remoteSelectors].map(textsOf);
    return JSON.stringify([id, remoteAddr, remoteId, key, ...networks]);
  });
}

function textsOf(networks: readonly Prefix[]): string[] {
  return networks.map(formatPrefix);
}
