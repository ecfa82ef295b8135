import { Subscription, type Observable } from "rxjs";
import type { Connection } from "../../model/api/connection.ts";
import { memo } from "../../model/value/memo.ts";
import { contained } from "../actors/contained.ts";
import type { BeatExchange } from "./beat-exchange.ts";
import { peersOf, type ConnectionBeats } from "./connection-beats.ts";
import { peerAddresses } from "./peer-addresses.ts";
import type { PeerPods } from "./peer-pods.ts";

export interface PeersOptions {
  readonly groupId: string;
  readonly desired: Observable<{ readonly connections: ReadonlyMap<string, Connection> }>;
  readonly pods: Pick<PeerPods, "want" | "pods" | "changes">;
  readonly exchange: Pick<BeatExchange, "setPeers">;
  readonly beats: Pick<ConnectionBeats<object>, "declare">;
  readonly report: (error: unknown) => void;
}

/** Keeps beats going with the agents of all groups that the declared connections have paths in. */
export class Peers implements Disposable {
  readonly #options: PeersOptions;
  readonly #subscription = new Subscription();
  readonly #peersOf: (connection: Connection) => ReadonlySet<string>;
  #groups: readonly string[] = [];

  constructor(options: PeersOptions) {
    this.#options = options;
    const { groupId, desired, pods, report } = options;
    this.#peersOf = memo((connection: Connection) => peersOf(connection, groupId));
    this.#subscription.add(
      desired.subscribe(contained(report, ({ connections }) => this.#declare(connections))),
    );
    this.#subscription.add(pods.changes.subscribe(contained(report, () => this.#aim())));
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
  }

  #declare(connections: ReadonlyMap<string, Connection>): void {
    const groups = new Set<string>();
    for (const connection of connections.values())
      for (const group of this.#peersOf(connection)) groups.add(group);
    this.#groups = [...groups].toSorted();
    this.#options.pods.want(this.#groups);
    // The exchange gets its peers first: a report for another group would be dropped.
    this.#aim();
    this.#options.beats.declare(connections);
  }

  #aim(): void {
    const { exchange, pods } = this.#options;
    exchange.setPeers(peerAddresses(this.#groups, pods.pods));
  }
}
