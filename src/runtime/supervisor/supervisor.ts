import { auditTime, combineLatest, of, Subject, Subscription, type Observable } from "rxjs";
import type { AnyActorRef } from "xstate";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { Endpoints } from "../../machines/connection/connection-types.ts";
import type { Connection } from "../../model/api/connection.ts";
import { allPathConnections, ifIdsOfPaths, connectionBy } from "../../model/api/path.ts";
import type { Failure } from "../../model/status/failure.ts";
import { contained, resubscribed } from "../actors/contained.ts";
import { ikeSasOf } from "../actors/snapshots.ts";
import { WorkQueue } from "../actors/work-queue.ts";
import type { SecretFacts } from "../conditions/conditions.ts";
import { nothingDesired, type DesiredState } from "../desired/desired-state.ts";
import type { AddressPort, CharonPort, NetworkPort, PlacementPort } from "../ports/ports.ts";
import type { Running } from "../ports/running.ts";
import type { RuntimeEvents } from "../ports/runtime-events.ts";
import { CharonFeed } from "../charon/charon-feed.ts";
import { ConnectionActors } from "../connections/connection-actors.ts";
import { connectionLogic } from "../effects/connection-logic.ts";
import { DrawnTraffic } from "./drawn-traffic.ts";
import { endpointsOf, type PlacedEndpoints } from "./endpoints-of.ts";
import { EventSubjects } from "../effects/event-subjects.ts";
import { IkeSilences } from "./ike-silences.ts";
import { KeyClaims } from "../keys/key-claims.ts";
import { OrphanedSas } from "./orphaned-sas.ts";
import { PathVerdicts } from "./path-verdicts.ts";
import { PeerModes } from "./peer-modes.ts";
import { Probes } from "./probes.ts";
import { Secrets } from "../keys/secrets.ts";
import { TrackingWatch } from "./tracking-watch.ts";
import { TrafficWatch } from "./traffic-watch.ts";

/** The ports and settings of a supervisor. */
export interface SupervisorOptions {
  readonly charon: CharonPort;
  readonly network: NetworkPort;
  readonly placement: PlacementPort;
  /** The floating addresses of the node; undefined where no address floats. */
  readonly addresses?: AddressPort;
  readonly desired: Observable<DesiredState>;
  /** The state that outlives the process: why it cannot be read or written, for the status. */
  readonly state?: { readonly problem: string | undefined };
  /** Whether a Secret has to permit a connection to use its keys; false on a host. */
  readonly requireSecretConsent?: boolean;
  /** Whether charon's log is followed also while every connection is settled. */
  readonly alwaysFollowLog?: boolean;
}

const noServices: PlacedEndpoints["services"] = new Map();

/** Gateways that are created close together are processed at once; milliseconds. */
const gatherMs = 5;

/**
 * Connects the actors of the connections to the desired state, to charon's reports and to the
 * gateways and workers of the placement. It starts with the first desired state.
 */
export class Supervisor implements Running, Disposable {
  readonly probes: Probes;
  readonly traffic: TrafficWatch;
  readonly tracking: TrackingWatch;
  readonly #options: SupervisorOptions;
  readonly #events = new EventSubjects();
  readonly #changes = new Subject<void>();
  readonly #secrets: Secrets;
  readonly #keys: KeyClaims;
  readonly #orphans: OrphanedSas;
  readonly #feed: CharonFeed;
  readonly #connections: ConnectionActors;
  readonly #verdicts: PathVerdicts;
  readonly #silences: IkeSilences;
  readonly #drawn: DrawnTraffic;
  readonly #inputs = new Subscription();
  readonly #wiring = new Subscription();
  readonly #peerModes = new PeerModes();
  /** As the manifests have it. */
  #declared = nothingDesired;
  /** With the CHILD SAs that the peers accept. */
  #desired = nothingDesired;
  #started = false;
  #endpoints: ReadonlyMap<string, Endpoints> = new Map();
  #pruned = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { charon, network, placement, addresses } = options;
    const { requireSecretConsent: requireConsent = false, alwaysFollowLog = false } = options;
    const events = this.#events;
    const queue = new WorkQueue((priority, seconds) =>
      events.queueWaits.next({ priority, seconds }),
    );
    this.#secrets = new Secrets({ requireConsent });
    this.#keys = new KeyClaims(this.#secrets);
    this.#orphans = new OrphanedSas(network);
    this.#feed = new CharonFeed({
      charon,
      network,
      queue,
      events,
      alwaysFollowLog,
      declared: () => this.#declaredNames(),
      removeOrphans: (held) => this.#orphans.removeOrphans(held),
      report: this.#report,
    });
    this.#connections = new ConnectionActors({
      logic: connectionLogic({
        charon,
        network,
        placement,
        addresses,
        queue,
        secrets: this.#secrets,
        calls: events.adapterCalls,
        isDeclared: (id, key) => this.#isDeclared(id, key),
      }),
      keys: this.#keys,
      queue,
      transitions: events.transitions,
      breakdowns: events.breakdowns,
      switches: events.pathSwitches,
    });
    const changed = () => this.#changes.next();
    const rootOf = (id: string) => this.roots.get(id);
    const probed = (id: string) => {
      this.#verdicts.update(id);
      changed();
    };
    this.probes = new Probes({ network, events, changed: probed });
    this.#silences = new IkeSilences({ sasOf: (id, path) => ikeSasOf(rootOf(id), path) });
    this.#verdicts = new PathVerdicts({ probes: this.probes, silences: this.#silences, rootOf });
    const watching = { network, queue, calls: events.adapterCalls, rootOf, report: this.#report };
    this.traffic = new TrafficWatch({ ...watching, changed });
    this.tracking = new TrackingWatch({ network, changed, report: this.#report });
    this.#drawn = new DrawnTraffic(watching);
    this.#wire();
  }

  get events(): RuntimeEvents {
    return this.#events;
  }

  get changes(): Observable<void> {
    return this.#changes;
  }

  /** Emits the id of each connection whose actor handled an event, began or ended. */
  get activity(): Observable<{ readonly id: string }> {
    return this.#connections.activity;
  }

  get desired(): DesiredState {
    return this.#desired;
  }

  get roots(): ReadonlyMap<string, ConnectionActor> {
    return this.#connections.byId;
  }

  get rootActors(): AnyActorRef[] {
    return [this.#feed.ref, ...this.roots.values(), ...this.probes.actors];
  }

  get charonSnapshot() {
    return this.#feed.ref.getSnapshot();
  }

  get stateProblem(): string | undefined {
    return this.#options.state?.problem;
  }

  secretOf(connection: Connection): SecretFacts {
    const active = this.roots.get(connection.id)?.getSnapshot().context.active;
    return this.#keys.factsOf(connectionBy(connection, active));
  }

  secretChangedAt(connection: Connection): number | undefined {
    return this.#secrets.changedAt(connection);
  }

  breakdownOf(id: string): Failure | undefined {
    return this.#connections.breakdownOf(id);
  }

  followCharonLog(): Subscription {
    return this.#feed.logSwitch.hold();
  }

  start(): void {
    const { desired, placement } = this.#options;
    this.#inputs.add(desired.subscribe(this.#handler((state) => this.#declare(state))));
    const { gateways, workers, services = of(noServices) } = placement;
    const endpoints = combineLatest({ gateways, workers, services });
    this.#inputs.add(
      resubscribed(endpoints, this.#report)
        .pipe(auditTime(gatherMs))
        .subscribe(this.#handler((placed) => this.#setEndpoints(placed))),
    );
  }

  /** Deletes every connection as if its manifest were gone; resolves when all have ended. */
  teardown(): Promise<void> {
    return this.#connections.deleteAll();
  }

  /** Stops the actors. Tunnels and devices stay as they are. */
  [Symbol.dispose](): void {
    this.#inputs.unsubscribe();
    this.probes[Symbol.dispose]();
    this.traffic[Symbol.dispose]();
    this.tracking[Symbol.dispose]();
    this.#drawn[Symbol.dispose]();
    this.#feed[Symbol.dispose]();
    this.#connections[Symbol.dispose]();
    this.#wiring.unsubscribe();
    this.#options.charon[Symbol.dispose]();
    this.#changes.complete();
    this.#events[Symbol.dispose]();
  }

  /** Connects charon's reports to the connections' actors, and the actors' requests to charon. */
  #wire(): void {
    const { sessions, lists, lost, changes: charonChanges, logSwitch } = this.#feed;
    const { activity, listRequests, endings } = this.#connections;
    const { charonEvents } = this.#events;
    const handle = <T>(source: Observable<T>, run: (value: T) => void) =>
      this.#wiring.add(source.subscribe(this.#handler(run)));
    handle(sessions, (isReady) => {
      if (!isReady) this.#peerModes.endSession();
      if (!isReady) this.#silences.endSession();
      this.#connections.setCharonReady(isReady);
    });
    handle(lists, (sas) => {
      if (this.#peerModes.takeList(sas, this.#declared.connections.values()))
        this.#declare(this.#declared);
      this.#silences.takeList(sas);
      this.#connections.setSas(sas);
    });
    handle(lost, (names) => this.#connections.notifyLost(names));
    handle(charonEvents, (event) => {
      this.#connections.notify(event);
      if (this.#silences.take(event)) for (const id of this.roots.keys()) this.#verdicts.update(id);
    });
    handle(charonChanges, () => this.#changes.next());
    handle(listRequests, () => this.#feed.requestList());
    handle(endings, (connection) => this.#removeSasOf(connection));
    handle(activity, ({ id, settled }) => {
      this.#takeAnswers(id);
      logSwitch.note(id, settled);
      this.#verdicts.update(id);
      this.traffic.update(id);
      this.tracking.update();
      this.#drawn.update(id);
      this.#changes.next();
    });
  }

  #declare(declared: DesiredState): void {
    this.#declared = declared;
    for (const [id, connection] of declared.connections) {
      const root = this.roots.get(id);
      if (root !== undefined) this.#peerModes.observe(connection, root.getSnapshot());
    }
    this.#setDesired(this.#peerModes.apply(declared));
  }

  /** Considers what a connection's peer answered about pairs of networks. */
  #takeAnswers(id: string): void {
    const connection = this.#declared.connections.get(id);
    const root = this.roots.get(id);
    if (connection === undefined || root === undefined) return;
    if (this.#peerModes.observe(connection, root.getSnapshot())) this.#declare(this.#declared);
  }

  #setDesired(desired: DesiredState): void {
    this.#desired = desired;
    this.#secrets.replace(desired.secrets, desired.unreadable);
    const ofCharon = allPathConnections(desired.connections.values());
    this.#keys.update(ofCharon);
    this.#orphans.note(ofCharon);
    this.#feed.followSilences(this.#silences.declare(desired.connections));
    this.#connections.declare(desired.connections);
    this.probes.update(desired.connections, this.#endpoints);
    for (const id of desired.connections.keys()) this.#verdicts.update(id);
    this.#changes.next();
    this.#handler(() => this.#prune())();
    // charon's actor starts after the first manifests; otherwise it would prune every connection.
    if (!this.#started) this.#feed.start();
    this.#started = true;
  }

  #setEndpoints(placed: PlacedEndpoints): void {
    this.#endpoints = endpointsOf(placed, this.#endpoints);
    this.probes.update(this.#desired.connections, this.#endpoints);
    this.#connections.setEndpoints(this.#endpoints);
  }

  /** Whether every manifest could be read: only then may undeclared objects be removed. */
  #isComplete(): boolean {
    return this.#desired.problems.size === 0;
  }

  /** The names of the declared connections; undefined while a manifest cannot be read. */
  #declaredNames(): ReadonlySet<string> | undefined {
    if (!this.#isComplete()) return undefined;
    return new Set(this.#ofCharon().map(({ name }) => name));
  }

  #isDeclared(connectionId: string, childKey: string): boolean {
    const { children = [] } = this.#desired.connections.get(connectionId) ?? {};
    return children.some(({ key }) => key === childKey);
  }

  /** Removes undeclared gateways and SAs that an earlier process left; runs once. */
  #prune(): void {
    if (this.#pruned || !this.#isComplete()) return;
    this.#pruned = true;
    // charon may hang, and then it removes nothing from the kernel.
    const former = this.#options.placement.prune(this.#desired.connections);
    this.#orphans.remove(former.flatMap(ifIdsOfPaths), this.#ofCharon());
    const floating = [...this.#desired.connections.values()].flatMap((one) => one.floating ?? []);
    this.#options.addresses?.releaseOthers(floating.map(({ prefix }) => prefix.address));
  }

  /** Removes the SAs of a deleted connection, which charon may have been unable to remove. */
  #removeSasOf(connection: Connection): void {
    if (this.#desired.connections.has(connection.id)) return;
    const ifIds = allPathConnections([connection]).flatMap(({ children }) =>
      children.map(({ ifId }) => ifId),
    );
    this.#orphans.remove(ifIds, this.#ofCharon());
  }

  /** The declared connections by each of their paths, as charon has them. */
  #ofCharon(): Connection[] {
    return allPathConnections(this.#desired.connections.values());
  }

  readonly #report = (error: unknown): void =>
    this.#events.breakdowns.next({ id: "supervisor", error });

  /** Contains the exceptions of an observer, so that they do not end the observed stream. */
  #handler<Args extends readonly unknown[]>(run: (...args: Args) => void) {
    return contained(this.#report, run);
  }
}
