import type { PublicState } from "../../model/status/public-state.ts";

/** What is common to all that an inspector is told; Stately's own inspector has the same. */
interface MessageHeader {
  readonly _version: string;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: string;
  /** The actor that it is about, and the one above all of its tree. */
  readonly sessionId: string;
  readonly rootId: string;
}

/** What is shown of an actor's snapshot. */
export interface ShownSnapshot {
  readonly status: string;
  readonly value: unknown;
  /** The state that `ipman status` shows of a connection or child; not part of Stately's format. */
  readonly publicState: PublicState | undefined;
  readonly context: Readonly<Record<string, unknown>>;
  /** The sessions of the machines below it. */
  readonly children: Readonly<Record<string, { readonly sessionId: string }>>;
}

export interface ShownEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** There is an actor: it came, or it was there when the inspector came. */
export interface ActorMessage extends MessageHeader {
  readonly type: "@xstate.actor";
  readonly name: string;
  readonly parentId: string | undefined;
  /** The id of its chart; not part of Stately's format. */
  readonly machine: string;
  /**
   * Its chart, as JSON; without its context. Who asks for `compact` is told it with the
   * first actor that has it.
   */
  readonly definition: string | undefined;
  /** Null of one that has not begun. */
  readonly snapshot: ShownSnapshot | null;
}

/** It was sent an event. */
export interface EventMessage extends MessageHeader {
  readonly type: "@xstate.event";
  readonly sourceId: string | undefined;
  readonly event: ShownEvent;
}

/** It has dealt with an event. */
export interface SnapshotMessage extends MessageHeader {
  readonly type: "@xstate.snapshot";
  readonly event: ShownEvent;
  readonly snapshot: ShownSnapshot;
}

/** The wire format of `@statelyai/inspect` 0.7, so that its viewers can be attached. */
export type InspectorMessage = ActorMessage | EventMessage | SnapshotMessage;
