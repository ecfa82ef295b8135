import { auditTime, combineLatest, of, Subject, Subscription, type Observable } from "rxjs";
import { createActor, type Actor, type ActorRefFrom, type AnyActorRef } from "xstate";
import type { SaNews } from "../adapters/netlink/xfrm.ts";
import type { CharonNews } from "../adapters/vici/news.ts";
import type { connectionMachine } from "../machines/connection.ts";
import type { Endpoints } from "../machines/connection-types.ts";
import type { Connection } from "../model/connection.ts";
import type { Gateway, Worker } from "../model/endpoint.ts";
import type { Snapshot } from "../model/resource.ts";
import { sameSas, type IkeSa } from "../model/sa.ts";
import { Attention } from "./attention.ts";
import { charonLogic } from "./charon-logic.ts";
import type { ConnectionFacts } from "./conditions.ts";
import { connectionLogic } from "./connection-logic.ts";
import { endpointsOf } from "./endpoints-of.ts";
import { desiredState, nothingDesired, type DesiredState } from "./desired-state.ts";
import { Leftovers } from "./leftovers.ts";
import { follow } from "./follow.ts";
import { KeyClaims, keyEvent } from "./key-claims.ts";
import { Probes } from "./probes.ts";
import { Secrets } from "./secrets.ts";
import { isSettled } from "./settled.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";
import { Turns } from "./turns.ts";
import { whileTrue } from "./while-true.ts";

/** Of a connection that has neither gateways nor workers. */
const nowhere: Endpoints = {};

/** Gateways that are made close together are told of at once; milliseconds. */
const gatherMs = 5;

type Root = ActorRefFrom<typeof connectionMachine>;

/**
 * Runs one root actor per connection and one for charon, and feeds them with what is
 * declared, what charon lists and where gateways and workers are.
 */
export class Supervisor implements Disposable {
  readonly #options: SupervisorOptions;
  readonly #roots = new Map<string, Root>();
  /** Declared, and waiting for their turn to begin. */
  readonly #waiting = new Set<string>();
  readonly #secrets = new Secrets();
  readonly #keys = new KeyClaims(this.#secrets);
  readonly #turns: Turns;
  readonly probes: Probes;
  readonly #changes = new Subject<void>();
  readonly #attention = new Attention();
  /** Whether a session with charon is there, as that comes and goes. */
  readonly #sessions = new Subject<boolean>();
  readonly #logic: ReturnType<typeof connectionLogic>;
  readonly #charon: Actor<ReturnType<typeof charonLogic>>;
  readonly #subscriptions = new Subscription();
  #desired: DesiredState = nothingDesired;
  readonly #leftovers: Leftovers;
  #endpoints: ReadonlyMap<string, Endpoints> = new Map();
  #sas: ReadonlyMap<string, readonly IkeSa[]> = new Map();
  #charonReady = false;
  #pruned = false;
  /** Then nothing that ends is started anew. */
  #ending = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { charon, network, placement, onAdapterCall } = options;
    this.#turns = new Turns(options.onTurn);
    this.#leftovers = new Leftovers(network);
    this.probes = new Probes({
      network,
      onProbe: (news) => options.onProbe?.(news),
      follower: {
        changed: () => this.#changes.next(),
        moved: (move) => options.onMove?.(move),
      },
    });
    this.#logic = connectionLogic({
      charon,
      network,
      placement,
      onAdapterCall,
      secrets: this.#secrets,
      turns: this.#turns,
      connection: (id) => this.#desired.connections.get(id),
    });
    this.#charon = createActor(
      charonLogic({
        charon,
        turns: this.#turns,
        onAdapterCall,
        declared: () => {
          if (!this.#isWhole()) return undefined;
          return new Set([...this.#desired.connections.values()].map(({ name }) => name));
        },
        removeOrphans: (held) => this.#leftovers.removeOrphans(held),
        onNews: (news) => this.#takeNews(news),
        onList: (sas) => this.#takeList(sas),
      }),
      { id: "charon" },
    );
    this.#followCharon();
  }

  /** Emits whenever something that a status shows may have changed. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  /** Has charon's log followed, until it is unsubscribed from. */
  attend(): Subscription {
    return this.#attention.hold();
  }

  get desired(): DesiredState {
    return this.#desired;
  }

  get roots(): ReadonlyMap<string, Root> {
    return this.#roots;
  }

  /** Whether the connection's secret is known, and why it cannot be read, if so. */
  secretOf(
    connection: Connection,
  ): Pick<ConnectionFacts, "hasSecret" | "keyFailure" | "secretTrouble"> {
    const { secretRef } = connection;
    return {
      hasSecret: this.#secrets.has(secretRef),
      keyFailure: this.#keys.failureOf(connection),
      secretTrouble: this.#desired.unreadable.get(`${secretRef.namespace}/${secretRef.name}`),
    };
  }

  /** When the connection's Secret was written, in seconds since the epoch, where that is known. */
  secretChangedAt({ secretRef }: Connection): number | undefined {
    return this.#secrets.changedAt(secretRef);
  }

  /** charon's, and each connection's. */
  get rootActors(): AnyActorRef[] {
    return [this.#charon, ...this.#roots.values(), ...this.probes.actors];
  }

  get charonSnapshot() {
    return this.#charon.getSnapshot();
  }

  start(): void {
    const { desired, placement } = this.#options;
    let started = false;
    this.#subscriptions.add(
      desired.subscribe((snapshot) => {
        this.#takeDesired(snapshot);
        this.#prune();
        // charon comes after the first documents, or it would prune everything.
        if (!started) this.#charon.start();
        started = true;
      }),
    );
    this.#subscriptions.add(
      combineLatest([placement.gateways, placement.workers])
        .pipe(auditTime(gatherMs))
        .subscribe(([gateways, workers]) => this.#takeEndpoints(gateways, workers)),
    );
  }

  /** Deletes every connection as if its document were gone; resolves when all are. */
  async teardown(): Promise<void> {
    this.#ending = true;
    const gone = [...this.#roots.values()].map(
      (root) =>
        new Promise<void>((resolve) => {
          root.subscribe({ complete: resolve, error: () => resolve() });
          root.send({ type: "delete" });
        }),
    );
    await Promise.all(gone);
  }

  /** Stops the actors. Tunnels and devices stay as they are. */
  [Symbol.dispose](): void {
    this.#ending = true;
    this.#subscriptions.unsubscribe();
    this.probes[Symbol.dispose]();
    this.#charon.stop();
    for (const root of this.#roots.values()) {
      if (root.getSnapshot().matches("terminating")) this.#sweep(root);
      root.stop();
    }
    this.#roots.clear();
    this.#options.charon[Symbol.dispose]();
    this.#changes.complete();
  }

  /** Whether every document could be read: what is not declared then is not wanted. */
  #isWhole(): boolean {
    return this.#desired.problems.size === 0;
  }

  /** Once: later, what is taken out of the documents is removed by its own actor. */
  #prune(): void {
    if (this.#pruned || !this.#isWhole()) return;
    this.#pruned = true;
    const left = this.#options.placement.prune(this.#desired.connections);
    // charon may be hanging, and then it takes nothing out of the kernel.
    this.#leftovers.remove(left, this.#desired.connections.values());
  }

  #takeDesired(snapshot: Snapshot): void {
    this.#desired = desiredState(this.#desired, snapshot, this.#options.scope);
    this.#secrets.replace(this.#desired.secrets);
    this.#keys.update(this.#desired.connections.values());
    this.#leftovers.note(this.#desired.connections.values());
    for (const [id, root] of this.#roots) {
      if (!this.#desired.connections.has(id)) root.send({ type: "delete" });
    }
    for (const connection of this.#desired.connections.values()) this.#declare(connection);
    this.probes.update(this.#desired.connections, this.#endpoints);
    this.#changes.next();
  }

  #declare(connection: Connection): void {
    const root = this.#roots.get(connection.id);
    if (root === undefined) return this.#begin(connection.id);
    const { context, status } = root.getSnapshot();
    // One that is on its way out is declared anew when it is gone.
    if (status !== "active" || root.getSnapshot().matches("terminating")) return;
    // charon knows connection and key by the name: under another one they begin again.
    if (context.connection.name !== connection.name) return root.send({ type: "delete" });
    const unreadable = this.secretOf(connection).secretTrouble !== undefined;
    const event = keyEvent(this.#keys.stateOf(connection), unreadable);
    const isRefused = event.type === "secret.refused";
    // No key is loaded for identities that it is refused for, neither the new ones nor the old.
    if (isRefused) root.send(event);
    if (context.connection !== connection) root.send({ type: "spec.changed", connection });
    if (!isRefused) root.send(event);
  }

  /** One per turn: a hundred that are declared at once do not keep those up that run. */
  #begin(id: string): void {
    if (this.#waiting.has(id)) return;
    this.#waiting.add(id);
    void this.#turns.next("soon").then(() => {
      this.#waiting.delete(id);
      const connection = this.#desired.connections.get(id);
      if (connection === undefined || this.#ending || this.#roots.has(id)) return;
      this.#spawn(connection);
      this.#changes.next();
    });
  }

  #spawn(connection: Connection): void {
    const root = createActor(this.#logic, {
      id: connection.id,
      input: {
        connection,
        charonReady: this.#charonReady,
        ...this.#keys.stateOf(connection),
        endpoints: this.#endpoints.get(connection.id) ?? nowhere,
      },
    });
    this.#roots.set(connection.id, root);
    root.on("sas.wanted", () => this.#charon.send({ type: "sas.wanted" }));
    root.subscribe({
      complete: () => this.#ended(connection.id, root),
      error: (error) => {
        this.#options.onBreakdown(connection.id, error);
        this.#ended(connection.id, root);
      },
    });
    root.start();
    const changed = () => {
      this.#attention.note(connection.id, isSettled(root.getSnapshot()));
      this.#changes.next();
    };
    follow(root, { changed, moved: (move) => this.#options.onMove?.(move) });
    root.send({ type: "sas.listed", ikeSas: this.#sas.get(connection.name) ?? [] });
  }

  #ended(id: string, root: Root): void {
    if (this.#roots.get(id) !== root) return;
    this.#roots.delete(id);
    this.#attention.note(id, true);
    this.#sweep(root);
    const again = this.#desired.connections.get(id);
    if (again !== undefined && !this.#ending) this.#declare(again);
    this.#changes.next();
  }

  /** charon may have been in no state to remove what it had of a connection that goes. */
  #sweep(root: Root): void {
    const { connection } = root.getSnapshot().context;
    if (this.#desired.connections.has(connection.id)) return;
    const ifIds = connection.children.map(({ ifId }) => ifId);
    this.#leftovers.remove(ifIds, this.#desired.connections.values());
  }

  #followCharon(): void {
    const broadcast = (type: "charon.ready" | "charon.lost") => {
      this.#charonReady = type === "charon.ready";
      this.#sessions.next(this.#charonReady);
      if (!this.#charonReady) this.#sas = new Map();
      for (const root of this.#roots.values()) root.send({ type });
    };
    this.#charon.on("charon.ready", () => broadcast("charon.ready"));
    this.#charon.on("charon.lost", () => broadcast("charon.lost"));
    const { charon, network, followLog } = this.#options;
    // Without them a rekey is seen by charon's own event, or by the next list.
    const ofKernel = whileTrue([this.#sessions], () => network.saNews());
    this.#subscriptions.add(ofKernel.subscribe((news) => this.#takeSaNews(news)));
    const wanted = followLog === true ? of(true) : this.#attention.needed;
    const log = whileTrue([this.#sessions, wanted], () => charon.log());
    this.#subscriptions.add(log.subscribe((news) => this.#takeNews(news)));
    follow(this.#charon, {
      changed: () => this.#changes.next(),
      moved: (move) => this.#options.onMove?.(move),
    });
    this.#charon.subscribe({ error: (error) => this.#options.onBreakdown("charon", error) });
  }

  #takeSaNews(news: SaNews): void {
    if (news.type === "sa.expired") this.#charon.send({ type: "sas.wanted" });
    else this.#options.onSaEnd?.(news.end);
  }

  #takeNews(news: CharonNews): void {
    this.#options.onNews(news);
    if (news.type === "sas.changed") this.#charon.send({ type: "sas.wanted" });
    if (news.type !== "peer.notified" && news.type !== "path.missing") return;
    for (const root of this.#roots.values()) {
      if (root.getSnapshot().context.connection.name === news.connection) root.send(news);
    }
  }

  #takeList(sas: readonly IkeSa[]): void {
    const before = this.#sas;
    this.#sas = Map.groupBy(sas, ({ connection }) => connection);
    for (const root of this.#roots.values()) {
      const { name } = root.getSnapshot().context.connection;
      const ikeSas = this.#sas.get(name) ?? [];
      // To one that waits, nothing new is news as well.
      if (isSettled(root.getSnapshot()) && sameSas(before.get(name) ?? [], ikeSas)) continue;
      root.send({ type: "sas.listed", ikeSas });
    }
  }

  #takeEndpoints(gateways: readonly Gateway[], workers: readonly Worker[]): void {
    this.#endpoints = endpointsOf(gateways, workers, this.#endpoints);
    this.probes.update(this.#desired.connections, this.#endpoints);
    for (const [id, root] of this.#roots) {
      const endpoints = this.#endpoints.get(id) ?? nowhere;
      if (root.getSnapshot().context.endpoints === endpoints) continue;
      root.send({ type: "endpoints.changed", endpoints });
    }
  }
}
