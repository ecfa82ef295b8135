import { Subscription, type Observable } from "rxjs";
import type { ConnectionBeat } from "../../model/beats/beat.ts";
import type { PeerEvent } from "../../model/beats/peer-event.ts";
import type { Connection } from "../../model/api/connection.ts";
import { groupIdOfPath, groupIdsOf } from "../../model/api/group.ts";
import { keepEqual } from "../../model/value/keep-equal.ts";
import { contained } from "../actors/contained.ts";
import { systemClock, type Clock } from "../time/clock.ts";
import type { BeatExchange, HeardBeat, PresenceChange } from "./beat-exchange.ts";
import { HeardReports } from "./heard-reports.ts";

export interface ConnectionBeatsOptions<Root> {
  readonly groupId: string;
  readonly exchange: Pick<
    BeatExchange,
    "beats" | "presences" | "rounds" | "presenceOf" | "publish"
  >;
  readonly rootOf: (id: string) => Root | undefined;
  /** The report that an actor gives now; undefined while it has none. */
  readonly beatOf: (root: Root) => ConnectionBeat | undefined;
  readonly send: (root: Root, event: PeerEvent) => void;
  /** Emits the id of each connection whose actor handled an event, began or ended. */
  readonly activity: Observable<{ readonly id: string }>;
  readonly report: (error: unknown) => void;
  readonly clock?: Pick<Clock, "elapsed">;
}

/** A connection with paths in other groups. */
interface Shared<Root> {
  readonly connection: Connection;
  readonly peers: ReadonlySet<string>;
  readonly heard: HeardReports;
  /** The actor that was sent everything that is known. */
  root: Root | undefined;
  /** Whether the actor was sent that this group leaves. */
  leaves: boolean;
  /** The report that is being sent. */
  sent: ConnectionBeat | undefined;
  /** Whether the actor knows that the other groups are known. */
  isKnown: boolean;
}

/**
 * Connects the actors of connections with the agents of their other groups: sends the report of an
 * actor when it changes, and sends the actor each report of a peer with another content.
 */
export class ConnectionBeats<Root extends object> implements Disposable {
  readonly #options: ConnectionBeatsOptions<Root>;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #shared = new Map<string, Shared<Root>>();
  readonly #subscription = new Subscription();
  /** Whether this group leaves for a connection. */
  #leavesFor: (id: string) => boolean = () => false;

  constructor(options: ConnectionBeatsOptions<Root>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { exchange, activity, report } = options;
    const observe = <T>(source: Observable<T>, run: (value: T) => void) =>
      this.#subscription.add(source.subscribe(contained(report, run)));
    observe(activity, ({ id }) => this.#update(id));
    observe(exchange.beats, (heard) => this.#take(heard));
    observe(exchange.presences, (change) => this.#announce(change));
    observe(exchange.rounds, () => this.#completeAll());
  }

  /** Whether this agent leads, by each connection with paths in other groups. */
  get leading(): ReadonlyMap<string, boolean> {
    return new Map([...this.#shared].map(([id, { sent }]) => [id, sent?.leading === true]));
  }

  /** Replaces the declared connections; the exchange has their {@link peersOf} already. */
  declare(connections: ReadonlyMap<string, Connection>): void {
    for (const [id, shared] of this.#shared)
      if (!connections.has(id)) this.#withdraw(id, shared, shared.peers);
    for (const [id, connection] of connections) {
      if (this.#shared.get(id)?.connection === connection) continue;
      this.#declare(id, connection);
    }
  }

  /** Replaces the connections whose traffic is to leave this group. */
  leave(leavesFor: (id: string) => boolean): void {
    this.#leavesFor = leavesFor;
    for (const [id, shared] of this.#shared) this.#compareLeaving(id, shared);
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#shared.clear();
  }

  #declare(id: string, connection: Connection): void {
    const peers = peersOf(connection, this.#options.groupId);
    const known = this.#shared.get(id);
    if (known !== undefined) {
      this.#withdraw(id, known, known.peers.difference(peers));
      known.heard.keep(peers);
    }
    if (peers.size === 0) return;
    const shared: Shared<Root> = {
      heard: known?.heard ?? new HeardReports(this.#clock.elapsed()),
      root: known?.root,
      isKnown: known?.isKnown ?? false,
      leaves: known?.leaves ?? false,
      connection,
      peers,
      // Sent again: a peer may be a new one.
      sent: undefined,
    };
    this.#shared.set(id, shared);
    // Another connection may have beats with the group already, whose presence then does not change.
    if (known?.root !== undefined) this.#sendPresences(known.root, peers.difference(known.peers));
    this.#update(id);
  }

  /** Ends the reports about a connection for these groups; forgets it if it has no others. */
  #withdraw(id: string, { peers }: Shared<Root>, former: ReadonlySet<string>): void {
    for (const group of former) this.#options.exchange.publish(group, id, undefined);
    if (former.size === peers.size) this.#shared.delete(id);
  }

  /** Considers a connection after an event of its actor. */
  #update(id: string): void {
    const shared = this.#shared.get(id);
    if (shared === undefined) return;
    const { rootOf, beatOf, exchange } = this.#options;
    const root = rootOf(id);
    if (root !== shared.root) this.#introduce(shared, root);
    this.#compareLeaving(id, shared);
    const beat = keepEqual(shared.sent, root && beatOf(root));
    if (beat === shared.sent) return;
    shared.sent = beat;
    for (const group of shared.peers) exchange.publish(group, id, beat);
  }

  /** Sends a new actor what is known. */
  #introduce(shared: Shared<Root>, root: Root | undefined): void {
    shared.root = root;
    shared.isKnown = false;
    shared.leaves = false;
    if (root === undefined) return;
    const { send } = this.#options;
    this.#sendPresences(root, shared.peers);
    for (const [group, beat] of shared.heard.all) send(root, { type: "beat.heard", group, beat });
    this.#complete(shared);
  }

  #sendPresences(root: Root, groups: Iterable<string>): void {
    const { exchange, send } = this.#options;
    for (const group of groups) {
      const presence = exchange.presenceOf(group);
      if (presence !== "unknown") send(root, { type: `group.${presence}`, group });
    }
  }

  #compareLeaving(id: string, shared: Shared<Root>): void {
    const leaves = this.#leavesFor(id);
    if (shared.root === undefined || shared.leaves === leaves) return;
    shared.leaves = leaves;
    this.#options.send(shared.root, { type: "group.leaves", leaves });
  }

  #take({ group, beat }: HeardBeat): void {
    const shared = this.#shared.get(beat.connection);
    // It is not declared here yet; the report comes again within a second.
    if (shared?.peers.has(group) !== true) return;
    // A group has a say about its own paths only.
    const paths = beat.paths.filter(({ path }) => groupIdOfPath(shared.connection, path) === group);
    const own = { ...beat, paths };
    if (!shared.heard.take(group, own, this.#clock.elapsed()) || shared.root === undefined) return;
    this.#options.send(shared.root, { type: "beat.heard", group, beat: own });
  }

  #announce({ group, presence }: PresenceChange): void {
    for (const { peers, root, heard } of this.#shared.values()) {
      if (!peers.has(group)) continue;
      // The actor forgets the report as well.
      heard.forget(group);
      if (root !== undefined) this.#options.send(root, { type: `group.${presence}`, group });
    }
  }

  #completeAll(): void {
    for (const shared of this.#shared.values()) if (!shared.isKnown) this.#complete(shared);
  }

  #complete(shared: Shared<Root>): void {
    const { heard, peers, root } = shared;
    if (root === undefined || !heard.isComplete(peers, this.#clock.elapsed())) return;
    shared.isKnown = true;
    this.#options.send(root, { type: "peers.known" });
  }
}

/** The other groups of a connection, of which this agent's group has paths. */
export function peersOf(connection: Connection, groupId: string): ReadonlySet<string> {
  const groups = new Set(groupIdsOf(connection));
  return groups.delete(groupId) ? groups : new Set();
}
