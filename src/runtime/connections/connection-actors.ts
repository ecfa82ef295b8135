import { Subject, type Observable, type Observer } from "rxjs";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { ConnectionActor, ConnectionSnapshot } from "../../machines/connection/connection.ts";
import { noEndpoints, type Endpoints } from "../../machines/connection/connection-types.ts";
import type { Connection } from "../../model/api/connection.ts";
import { allPathConnections, pathConnections, type PathConnection } from "../../model/api/path.ts";
import { sameSas, type IkeSa } from "../../model/charon/sa.ts";
import {
  byDeclaredConnection,
  childOwners,
  type ChildOwners,
} from "../../model/charon/shared-ike-sas.ts";
import type { Failure } from "../../model/status/failure.ts";
import { Breakdowns } from "../actors/breakdowns.ts";
import { isSettled } from "../actors/settled.ts";
import { pathNamed } from "../actors/snapshots.ts";
import type { Transition } from "../actors/transitions.ts";
import type { WorkQueue } from "../actors/work-queue.ts";
import type { PathSwitch, ReportedBreakdown } from "../ports/runtime-events.ts";
import type { connectionLogic } from "../effects/connection-logic.ts";
import { ConnectionRoots } from "./connection-roots.ts";
import { declareTo, type PathKeyEvent } from "./declare-to.ts";
import { keyEvent, type KeyClaims } from "../keys/key-claims.ts";

export interface ConnectionActorsOptions {
  readonly logic: ReturnType<typeof connectionLogic>;
  readonly keys: Pick<KeyClaims, "stateOf" | "factsOf">;
  readonly queue: WorkQueue;
  readonly transitions: Pick<Observer<Transition>, "next">;
  readonly breakdowns: Pick<Observer<ReportedBreakdown>, "next">;
  readonly switches: Pick<Observer<PathSwitch>, "next">;
}

/** Emitted when a connection's actor, or an actor below it, handled an event or ended. */
export interface ConnectionActivity {
  readonly id: string;
  /** Whether the connection waits for nothing; true if its actor has ended. */
  readonly settled: boolean;
}

/**
 * Runs one root actor per declared connection, and sends it the events that concern it. An actor
 * that an exception stopped restarts after a backoff.
 */
export class ConnectionActors implements Disposable {
  readonly #options: ConnectionActorsOptions;
  readonly #roots: ConnectionRoots;
  readonly #breakdowns: Breakdowns;
  readonly #activity = new Subject<ConnectionActivity>();
  readonly #listRequests = new Subject<void>();
  readonly #endings = new Subject<Connection>();
  /** Connections whose actors wait in the work queue for their start. */
  readonly #starting = new Set<string>();
  #declared: ReadonlyMap<string, Connection> = new Map();
  #owners: ChildOwners = new Map();
  #endpoints: ReadonlyMap<string, Endpoints> = new Map();
  #sas: ReadonlyMap<string, readonly IkeSa[]> = new Map();
  #charonReady = false;
  /** Whether charon has listed its SAs in the present session. */
  #isListed = false;
  /** Set once shutdown begins: actors that end are not restarted. */
  #stopping = false;

  constructor(options: ConnectionActorsOptions) {
    this.#options = options;
    const { logic, transitions, breakdowns, switches } = options;
    this.#breakdowns = new Breakdowns({
      onBreakdown: (id, error) => breakdowns.next({ id, error }),
      restart: (id) => this.#startLater(id),
    });
    this.#roots = new ConnectionRoots({
      logic,
      breakdowns: this.#breakdowns,
      moved: (transition) => transitions.next(transition),
      onChange: (id) => this.#report(id),
      onListWanted: () => this.#listRequests.next(),
      onSwitch: (connection, switched) => switches.next({ connection, ...switched }),
      onEnd: (...end) => this.#ended(...end),
    });
  }

  get byId(): ReadonlyMap<string, ConnectionActor> {
    return this.#roots.byId;
  }

  get activity(): Observable<ConnectionActivity> {
    return this.#activity;
  }

  /** Emits when an actor needs a new list of SAs. */
  get listRequests(): Observable<void> {
    return this.#listRequests;
  }

  /** Emits the connection of each actor that has ended. */
  get endings(): Observable<Connection> {
    return this.#endings;
  }

  /** The exception that stopped a connection's actor, until the actor restarts. */
  breakdownOf(id: string): Failure | undefined {
    return this.byId.has(id) ? undefined : this.#breakdowns.failureOf(id);
  }

  /** Replaces the declared connections. */
  declare(connections: ReadonlyMap<string, Connection>): void {
    const before = this.#declared;
    this.#declared = connections;
    this.#owners = childOwners(allPathConnections(connections.values()));
    for (const id of before.keys()) if (!connections.has(id)) this.#breakdowns.forget(id);
    this.#roots.each((root, id) => {
      if (!connections.has(id)) root.send({ type: "delete" });
    });
    for (const connection of connections.values())
      this.#roots.attempt(connection.id, () => this.#declare(connection));
  }

  /** Handles the begin or the end of a session with charon. */
  setCharonReady(isReady: boolean): void {
    this.#charonReady = isReady;
    if (!isReady) {
      this.#sas = new Map();
      this.#isListed = false;
    }
    this.#roots.each((root) => root.send({ type: isReady ? "charon.ready" : "charon.lost" }));
  }

  /** Sends each actor its part of a list of all SAs. */
  setSas(sas: readonly IkeSa[]): void {
    const before = this.#sas;
    const listed = Map.groupBy(
      byDeclaredConnection(sas, this.#owners),
      ({ connection }) => connection,
    );
    // An unchanged list stays the same object, which the actor of its connection holds as well.
    this.#sas = new Map([...listed].map(([name, now]) => [name, unchanged(before.get(name), now)]));
    this.#eachPath((root, path, name) => {
      const ikeSas = this.#sas.get(name) ?? noSas;
      // An unsettled connection is notified even if its list did not change.
      const snapshot = root.getSnapshot();
      const isSame = (before.get(name) ?? noSas) === ikeSas;
      if (isSettled(snapshot) && isSame && knows(snapshot, path, ikeSas)) return;
      root.send({ type: "sas.listed", path, ikeSas });
    });
    this.#isListed = true;
    this.#roots.each(reportComplete);
  }

  /** Sends each actor its gateways and workers. */
  setEndpoints(endpoints: ReadonlyMap<string, Endpoints>): void {
    this.#endpoints = endpoints;
    this.#roots.each((root, id) => {
      const own = endpoints.get(id) ?? noEndpoints;
      if (root.getSnapshot().context.endpoints === own) return;
      root.send({ type: "endpoints.changed", endpoints: own });
    });
  }

  /** Passes an event about a peer to the actor of its connection. */
  notify(event: CharonEvent): void {
    if (!isOfPeer(event)) return;
    this.#eachPath((root, path, name) => {
      if (name === event.connection) root.send({ ...event, path });
    });
  }

  /** Notifies the actors of the connections that charon no longer has as they were loaded. */
  notifyLost(names: readonly string[]): void {
    const lost = new Set(names);
    this.#eachPath((root, path, name) => {
      if (lost.has(name)) root.send({ type: "configuration.lost", path });
    });
  }

  /** Deletes every connection as if its manifest were gone; resolves when all actors have ended. */
  async deleteAll(): Promise<void> {
    this.#stopping = true;
    await this.#roots.deleteAll();
  }

  /** Stops the actors. SAs and devices stay. */
  [Symbol.dispose](): void {
    this.#stopping = true;
    this.#breakdowns[Symbol.dispose]();
    for (const root of this.byId.values())
      if (root.getSnapshot().matches("terminating")) this.#endings.next(connectionOf(root));
    this.#roots.stop();
    this.#activity.complete();
    this.#listRequests.complete();
    this.#endings.complete();
  }

  #declare(connection: Connection): void {
    const root = this.byId.get(connection.id);
    if (root === undefined) return this.#startLater(connection.id);
    const keys = pathConnections(connection).map((declared) => this.#keyOf(declared));
    declareTo(root, connection, keys);
  }

  /** The event that reports the state of its key to a path. */
  #keyOf({ path, connection }: PathConnection): PathKeyEvent {
    const { keys } = this.#options;
    const isUnreadable = keys.factsOf(connection).secretTrouble !== undefined;
    return { ...keyEvent(keys.stateOf(connection), isUnreadable), path };
  }

  /** Calls the function for each path, with its name in its connection and in charon. */
  #eachPath(run: (root: ConnectionActor, path: string, name: string) => void): void {
    this.#roots.each((root) => {
      const { connection } = root.getSnapshot().context;
      for (const { path, connection: declared } of pathConnections(connection))
        run(root, path, declared.name);
    });
  }

  /**
   * Starts the actor through the work queue, so that a hundred new connections do not delay running
   * ones.
   */
  #startLater(id: string): void {
    if (this.#stopping || this.#starting.has(id) || this.breakdownOf(id) !== undefined) return;
    this.#starting.add(id);
    void this.#options.queue.next("normal").then(() => {
      this.#starting.delete(id);
      const connection = this.#declared.get(id);
      if (connection === undefined || this.#stopping || this.byId.has(id)) return;
      this.#roots.attempt(id, () => this.#start(connection));
      this.#report(id);
    });
  }

  #start(connection: Connection): void {
    const paths = pathConnections(connection);
    const { keys } = this.#options;
    const root = this.#roots.spawn({
      connection,
      charonReady: this.#charonReady,
      keys: Object.fromEntries(paths.map((one) => [one.path, keys.stateOf(one.connection)])),
      endpoints: this.#endpoints.get(connection.id) ?? noEndpoints,
    });
    for (const { path, connection: declared } of paths)
      root.send({ type: "sas.listed", path, ikeSas: this.#sas.get(declared.name) ?? noSas });
    if (this.#isListed) reportComplete(root);
  }

  #ended(id: string, root: ConnectionActor | undefined, broken?: { error: unknown }): void {
    if (root !== undefined) this.#endings.next(connectionOf(root));
    const declared = this.#stopping ? undefined : this.#declared.get(id);
    if (broken === undefined) {
      if (declared !== undefined) this.#declare(declared);
    } else if (declared === undefined) this.#breakdowns.report(id, broken.error);
    else this.#breakdowns.restartLater(id, broken.error);
    this.#report(id);
  }

  #report(id: string): void {
    const root = this.byId.get(id);
    this.#activity.next({ id, settled: root === undefined || isSettled(root.getSnapshot()) });
  }
}

const noSas: readonly IkeSa[] = [];

/** Whether a path has these SAs: it may have forgotten one that could not be ended. */
function knows(snapshot: ConnectionSnapshot, path: string, ikeSas: readonly IkeSa[]): boolean {
  const known = pathNamed(snapshot, path)?.getSnapshot().context.ikeSas ?? noSas;
  return known === ikeSas || (known.length === 0 && ikeSas.length === 0);
}

/** Notifies a connection that waits for it that all its paths have their SAs. */
function reportComplete(root: ConnectionActor): void {
  if (!root.getSnapshot().context.dials) root.send({ type: "sas.complete" });
}

/** The earlier of two lists if they are equal, otherwise the later one. */
function unchanged(before: readonly IkeSa[] | undefined, now: readonly IkeSa[]): readonly IkeSa[] {
  return before !== undefined && sameSas(before, now) ? before : now;
}

function connectionOf(root: ConnectionActor): Connection {
  return root.getSnapshot().context.connection;
}

/** The events about a peer that its connection's actor handles. */
const ofPeer = ["peer.notified", "rekey.refused", "lifetime.hasty", "path.missing"] as const;

function isOfPeer(
  event: CharonEvent,
): event is Extract<CharonEvent, { type: (typeof ofPeer)[number] }> {
  return ofPeer.some((type) => type === event.type);
}
