import type { Observable, Subscription } from "rxjs";
import type { ActorRefFrom, AnyActorRef, SnapshotFrom } from "xstate";
import type { charonMachine } from "../../machines/charon.ts";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { Reachability } from "../../model/status/status.ts";
import type { SecretFacts } from "../conditions/conditions.ts";
import type { DesiredState } from "../desired/desired-state.ts";

/** charon's root actor. */
export type CharonRef = ActorRefFrom<typeof charonMachine>;

/**
 * The state of a supervisor, as status, metrics, inspector and commands read it. Each of them
 * takes the part that it needs.
 */
export interface Running {
  /** Emits when something that a status shows may have changed. */
  readonly changes: Observable<void>;
  /** The desired state that the actors were sent last. */
  readonly desired: DesiredState;
  /** The root actors of the connections, by connection id. */
  readonly roots: ReadonlyMap<string, ConnectionActor>;
  /** Every root actor: charon's, those of the connections, those of the probes. */
  readonly rootActors: readonly AnyActorRef[];
  readonly charonSnapshot: SnapshotFrom<typeof charonMachine>;
  readonly probes: ProbeStates;
  readonly traffic: TrafficStates;
  readonly tracking: TrackingStates;
  /** Whether the connection has a usable key, or why it has none. */
  readonly secretOf: (connection: Connection) => SecretFacts;
  /** When the connection's Secret was written, in seconds since the epoch; undefined if unknown. */
  readonly secretChangedAt: (connection: Connection) => number | undefined;
  /** The exception that stopped the connection's actor, until the actor restarts. */
  readonly breakdownOf: (id: string) => Failure | undefined;
  /** Why the state that outlives the process cannot be read or written; undefined if it can. */
  readonly stateProblem: string | undefined;
  /** Follows charon's log until the subscription is unsubscribed. */
  readonly followCharonLog: () => Subscription;
}

/** The doubts whether children that are up carry traffic. */
export interface TrafficStates {
  /** One item per child of the connection, in its order; empty while no child is up. */
  readonly of: (connection: Connection) => readonly (Failure | undefined)[];
}

/** The gateways that track almost as many connections as the kernel can. */
export interface TrackingStates {
  /** One item per child of the connection, in its order; empty while all are far from the limit. */
  readonly of: (connection: Connection) => readonly (Failure | undefined)[];
}

/** The probes' results. */
export interface ProbeStates {
  /** One item per child of the connection, in its order; undefined for a child without a probe. */
  readonly of: (connection: Connection) => readonly (Reachability | undefined)[];
}
