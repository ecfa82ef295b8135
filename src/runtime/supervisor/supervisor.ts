import { auditTime, combineLatest, of, Subject, Subscription, type Observable } from "rxjs";
import type { AnyActorRef } from "xstate";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { SaNews } from "../../adapters/netlink/xfrm.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { noEndpoints, type Endpoints } from "../../machines/connection/connection-types.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { Snapshot } from "../../model/api/resource.ts";
import { sameSas, type IkeSa } from "../../model/charon/sa.ts";
import type { Failure } from "../../model/status/failure.ts";
import { Attention } from "./attention.ts";
import { Breakdowns } from "../actors/breakdowns.ts";
import { CharonActor, charonBreakdown } from "./charon-actor.ts";
import { charonLogic } from "./charon-logic.ts";
import type { SecretFacts } from "../conditions/conditions.ts";
import { connectionLogic } from "./connection-logic.ts";
import { ConnectionRoots, declareTo } from "./connection-roots.ts";
import { contained, resubscribed } from "../actors/contained.ts";
import { endpointsOf } from "./endpoints-of.ts";
import { desiredState, nothingDesired, type DesiredState } from "../desired/desired-state.ts";
import { KeyClaims, keyEvent } from "./key-claims.ts";
import { Leftovers } from "./leftovers.ts";
import { Probes } from "./probes.ts";
import { Secrets } from "./secrets.ts";
import { isSettled } from "../actors/settled.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";
import { Turns } from "../actors/turns.ts";
import { whileTrue } from "../actors/while-true.ts";

/** Gateways that are made close together are told of at once; milliseconds. */
const gatherMs = 5;

/**
 * Runs one root actor per connection and one for charon, and feeds them with what is
 * declared, what charon lists and where gateways and workers are.
 */
export class Supervisor implements Disposable {
  readonly #options: SupervisorOptions;
  readonly #connections: ConnectionRoots;
  /** Declared, and waiting for their turn to begin. */
  readonly #waiting = new Set<string>();
  readonly #secrets: Secrets;
  readonly #keys: KeyClaims;
  readonly #turns: Turns;
  readonly probes: Probes;
  readonly #changes = new Subject<void>();
  readonly #attention = new Attention();
  readonly #charon: CharonActor;
  readonly #breakdowns: Breakdowns;
  readonly #subscriptions = new Subscription();
  #desired: DesiredState = nothingDesired;
  readonly #leftovers: Leftovers;
  #endpoints: ReadonlyMap<string, Endpoints> = new Map();
  #sas: ReadonlyMap<string, readonly IkeSa[]> = new Map();
  #pruned = false;
  /** Then nothing that ends is started anew. */
  #ending = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { network, onBreakdown, requireSecretConsent: requireConsent = false } = options;
    this.#secrets = new Secrets({ requireConsent });
    this.#keys = new KeyClaims(this.#secrets);
    this.#turns = new Turns(this.#handler((...turn) => options.onTurn?.(...turn)));
    this.#breakdowns = new Breakdowns({ onBreakdown, restart: (id) => this.#restart(id) });
    this.#leftovers = new Leftovers(network);
    this.probes = new Probes({
      network,
      onProbe: (news) => options.onProbe?.(news),
      follower: {
        changed: () => this.#changes.next(),
        moved: (move) => options.onMove?.(move),
      },
      onBreakdown,
    });
    this.#connections = this.#connectionRoots();
    this.#charon = this.#charonActor();
    this.#subscribeNews();
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

  get roots(): ReadonlyMap<string, ConnectionActor> {
    return this.#connections.byId;
  }

  /** Whether the connection's secret is known, and why it cannot be read, if so. */
  secretOf(connection: Connection): SecretFacts {
    return this.#keys.factsOf(connection);
  }

  /** Why what outlives the process cannot be written down, if so. */
  get stateProblem(): string | undefined {
    return this.#options.stateWrites?.problem;
  }

  /** Why a connection's actor does not run at present: it broke down, and is started again. */
  breakdownOf(id: string): Failure | undefined {
    return this.roots.has(id) ? undefined : this.#breakdowns.failureOf(id);
  }

  /** When the connection's Secret was written, in seconds since the epoch, where that is known. */
  readonly secretChangedAt = (connection: Connection) => this.#secrets.changedAt(connection);

  /** charon's, and each connection's. */
  get rootActors(): AnyActorRef[] {
    return [this.#charon.ref, ...this.roots.values(), ...this.probes.actors];
  }

  get charonSnapshot() {
    return this.#charon.ref.getSnapshot();
  }

  start(): void {
    const { desired, placement } = this.#options;
    let started = false;
    this.#subscriptions.add(
      resubscribed(desired, this.#report).subscribe(
        this.#handler((snapshot) => {
          this.#takeDesired(snapshot);
          this.#handler(() => this.#prune())();
          // charon comes after the first documents, or it would prune everything.
          if (!started) this.#charon.start();
          started = true;
        }),
      ),
    );
    const endpoints = combineLatest([placement.gateways, placement.workers]);
    this.#subscriptions.add(
      resubscribed(endpoints, this.#report)
        .pipe(auditTime(gatherMs))
        .subscribe(this.#handler(([gateways, workers]) => this.#takeEndpoints(gateways, workers))),
    );
  }

  /** Deletes every connection as if its document were gone; resolves when all are. */
  async teardown(): Promise<void> {
    this.#ending = true;
    await this.#connections.deleteAll();
  }

  /** Stops the actors. Tunnels and devices stay as they are. */
  [Symbol.dispose](): void {
    this.#ending = true;
    this.#subscriptions.unsubscribe();
    this.probes[Symbol.dispose]();
    this.#breakdowns[Symbol.dispose]();
    this.#charon.stop();
    for (const root of this.roots.values())
      if (root.getSnapshot().matches("terminating")) this.#sweep(root);
    this.#connections.stop();
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
    const { connections } = this.#desired;
    // charon may be hanging, and then it takes nothing out of the kernel.
    this.#leftovers.remove(this.#options.placement.prune(connections), connections.values());
  }

  #takeDesired(snapshot: Snapshot): void {
    const { connections: before } = this.#desired;
    this.#desired = desiredState(this.#desired, snapshot, this.#options.scope);
    this.#secrets.replace(this.#desired.secrets, this.#desired.unreadable);
    this.#keys.update(this.#desired.connections.values());
    this.#leftovers.note(this.#desired.connections.values());
    for (const id of before.keys())
      if (!this.#desired.connections.has(id)) this.#breakdowns.forget(id);
    this.#connections.each((root, id) => {
      if (!this.#desired.connections.has(id)) root.send({ type: "delete" });
    });
    for (const connection of this.#desired.connections.values())
      this.#connections.attempt(connection.id, () => this.#declare(connection));
    this.probes.update(this.#desired.connections, this.#endpoints);
    this.#changes.next();
  }

  #declare(connection: Connection): void {
    const root = this.roots.get(connection.id);
    if (root === undefined) return this.#begin(connection.id);
    const unreadable = this.secretOf(connection).secretTrouble !== undefined;
    declareTo(root, connection, keyEvent(this.#keys.stateOf(connection), unreadable));
  }

  /** One per turn: a hundred that are declared at once do not keep those up that run. */
  #begin(id: string): void {
    if (this.#waiting.has(id) || this.breakdownOf(id) !== undefined) return;
    this.#waiting.add(id);
    void this.#turns.next("soon").then(() => {
      this.#waiting.delete(id);
      const connection = this.#desired.connections.get(id);
      if (connection === undefined || this.#ending || this.roots.has(id)) return;
      this.#connections.attempt(id, () => this.#spawn(connection));
      this.#changes.next();
    });
  }

  #spawn(connection: Connection): void {
    const root = this.#connections.spawn({
      connection,
      charonReady: this.#charon.isReady,
      ...this.#keys.stateOf(connection),
      endpoints: this.#endpoints.get(connection.id) ?? noEndpoints,
    });
    root.send({ type: "sas.listed", ikeSas: this.#sas.get(connection.name) ?? [] });
  }

  #ended(id: string, root: ConnectionActor | undefined, broken?: { error: unknown }): void {
    this.#attention.note(id, true);
    if (root !== undefined) this.#sweep(root);
    const again = this.#ending ? undefined : this.#desired.connections.get(id);
    if (broken === undefined) {
      if (again !== undefined) this.#declare(again);
    } else if (again === undefined) this.#breakdowns.report(id, broken.error);
    else this.#breakdowns.restartLater(id, broken.error);
    this.#changes.next();
  }

  #restart(id: string): void {
    if (this.#ending) return;
    if (id === charonBreakdown) this.#charon.restart();
    else this.#begin(id);
  }

  readonly #report = (error: unknown): void => this.#breakdowns.report("supervisor", error);

  /** An observer of which no exception reaches the stream that it observes. */
  #handler<Args extends readonly unknown[]>(run: (...args: Args) => void) {
    return contained(this.#report, run);
  }

  /** charon may have been in no state to remove what it had of a connection that goes. */
  #sweep(root: ConnectionActor): void {
    const { connection } = root.getSnapshot().context;
    if (this.#desired.connections.has(connection.id)) return;
    const ifIds = connection.children.map(({ ifId }) => ifId);
    this.#leftovers.remove(ifIds, this.#desired.connections.values());
  }

  #connectionRoots(): ConnectionRoots {
    const { charon, network, placement, onAdapterCall, onMove } = this.#options;
    const logic = connectionLogic({
      charon,
      network,
      placement,
      onAdapterCall,
      secrets: this.#secrets,
      turns: this.#turns,
      connection: (id) => this.#desired.connections.get(id),
    });
    return new ConnectionRoots({
      logic,
      breakdowns: this.#breakdowns,
      moved: (move) => onMove?.(move),
      onChange: (id, root) => {
        this.#attention.note(id, isSettled(root.getSnapshot()));
        this.#changes.next();
      },
      onListWanted: () => this.#charon.wantList(),
      onEnd: (...end) => this.#ended(...end),
    });
  }

  #charonActor(): CharonActor {
    const { charon, onAdapterCall, onMove } = this.#options;
    const logic = charonLogic({
      charon,
      turns: this.#turns,
      onAdapterCall,
      declared: () => {
        if (!this.#isWhole()) return undefined;
        return new Set([...this.#desired.connections.values()].map(({ name }) => name));
      },
      removeOrphans: (held) => this.#leftovers.removeOrphans(held),
      onNews: this.#handler((news: CharonEvent) => this.#takeNews(news)),
      onList: (sas) => this.#takeList(sas),
    });
    return new CharonActor({
      logic,
      breakdowns: this.#breakdowns,
      follower: { changed: () => this.#changes.next(), moved: (move) => onMove?.(move) },
      onSession: (isReady) => {
        if (!isReady) this.#sas = new Map();
        this.#connections.each((root) =>
          root.send({ type: isReady ? "charon.ready" : "charon.lost" }),
        );
      },
    });
  }

  #subscribeNews(): void {
    const { charon, network, followLog } = this.#options;
    // Without them a rekey is seen by charon's own event, or by the next list.
    const ofKernel = whileTrue([this.#charon.sessions], () => network.saNews());
    this.#subscriptions.add(ofKernel.subscribe(this.#handler((news) => this.#takeSaNews(news))));
    const wanted = followLog === true ? of(true) : this.#attention.needed;
    const log = whileTrue([this.#charon.sessions, wanted], () => charon.log());
    this.#subscriptions.add(log.subscribe(this.#handler((news) => this.#takeNews(news))));
  }

  #takeSaNews(news: SaNews): void {
    if (news.type === "sa.expired") this.#charon.wantList();
    else this.#options.onSaEnd?.(news.end);
  }

  #takeNews(news: CharonEvent): void {
    this.#options.onNews(news);
    if (news.type === "sas.changed") this.#charon.wantList();
    if (news.type !== "peer.notified" && news.type !== "path.missing") return;
    this.#connections.each((root) => {
      if (root.getSnapshot().context.connection.name === news.connection) root.send(news);
    });
  }

  #takeList(sas: readonly IkeSa[]): void {
    const before = this.#sas;
    this.#sas = Map.groupBy(sas, ({ connection }) => connection);
    this.#connections.each((root) => {
      const { name } = root.getSnapshot().context.connection;
      const ikeSas = this.#sas.get(name) ?? [];
      // To one that waits, nothing new is news as well.
      if (isSettled(root.getSnapshot()) && sameSas(before.get(name) ?? [], ikeSas)) return;
      root.send({ type: "sas.listed", ikeSas });
    });
  }

  #takeEndpoints(gateways: readonly Gateway[], workers: readonly Worker[]): void {
    this.#endpoints = endpointsOf(gateways, workers, this.#endpoints);
    this.probes.update(this.#desired.connections, this.#endpoints);
    this.#connections.each((root, id) => {
      const endpoints = this.#endpoints.get(id) ?? noEndpoints;
      if (root.getSnapshot().context.endpoints === endpoints) return;
      root.send({ type: "endpoints.changed", endpoints });
    });
  }
}
