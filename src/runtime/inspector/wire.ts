import type { PublicState } from "../../model/status/public-state.ts";
import type { PathFacts } from "../../model/status/status.ts";

/** The fields of every message, as in Stately's own inspector. */
interface MessageHeader {
  readonly _version: string;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: string;
  /** The actor that the message is about, and the root of its tree. */
  readonly sessionId: string;
  readonly rootId: string;
}

/** The parts of an actor's snapshot that leave the process. */
export interface ShownSnapshot {
  readonly status: string;
  readonly value: unknown;
  /** The state that `ipman status` shows of a connection, path or child; not part of Stately's format. */
  readonly publicState: PublicState | undefined;
  readonly context: Readonly<Record<string, unknown>>;
  /** The paths of a connection with several, here and elsewhere; not part of Stately's format. */
  readonly paths?: readonly PathFacts[];
  /** Set for a path on another node, as its agent reports it; not part of Stately's format. */
  readonly elsewhere?: true;
  /** The sessions of the machines that the actor has started. */
  readonly children: Readonly<Record<string, { readonly sessionId: string }>>;
}

export interface ShownEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** An actor that started, or that existed when the inspector was attached. */
export interface ActorMessage extends MessageHeader {
  readonly type: "@xstate.actor";
  readonly name: string;
  /** Its title among all actors, and its label below its parent; not part of Stately's format. */
  readonly title: string;
  readonly label: string;
  readonly parentId: string | undefined;
  /** The id of its chart; not part of Stately's format. */
  readonly machine: string;
  /**
   * Its chart as JSON, without the context. In a compact inspection only the first actor of
   * each chart has it.
   */
  readonly definition: string | undefined;
  /** Null before the actor has started. */
  readonly snapshot: ShownSnapshot | null;
}

/** An event was sent to the actor. */
export interface EventMessage extends MessageHeader {
  readonly type: "@xstate.event";
  readonly sourceId: string | undefined;
  readonly event: ShownEvent;
}

/** The actor has handled an event. */
export interface SnapshotMessage extends MessageHeader {
  readonly type: "@xstate.snapshot";
  readonly event: ShownEvent;
  readonly snapshot: ShownSnapshot;
}

/** The wire format of `@statelyai/inspect` 0.7, so that its viewers can be attached. */
export type InspectorMessage = ActorMessage | EventMessage | SnapshotMessage;
