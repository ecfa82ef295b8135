import type { AnyActorRef, AnyMachineSnapshot } from "xstate";
import { contained } from "./contained.ts";
import { isMachine } from "./machine-of.ts";
import { stateName } from "./state-name.ts";

/** An actor went from one state of its chart to another. */
export interface Transition {
  /** Whose chart: `connection`, `child`, `gateway`, `charon`. */
  readonly machine: string;
  readonly from: string;
  readonly to: string;
  /** For how long it was in the first. */
  readonly seconds: number;
}

export interface Follower {
  /** After each event that the actor has dealt with. */
  readonly changed: () => void;
  readonly moved: (move: Transition) => void;
  /** An exception ended the actor, or was thrown by one of the functions above. */
  readonly broke: (error: unknown) => void;
}

/**
 * Tells of each event that an actor, or any machine below it, has dealt with; an actor's own
 * observers hear nothing of its children. What ends is let go by itself.
 */
export function follow(actor: AnyActorRef, follower: Follower): void {
  const first = actor.getSnapshot() as AnyMachineSnapshot;
  const machine = first.machine.id;
  let state = stateName(machine, first.value);
  // Whole milliseconds are no objects of their own: there is one for each of thousands.
  let since = Math.round(performance.now());
  let known: ChildActors | undefined;
  const followNew = ({ children }: { readonly children: ChildActors }) => {
    // Another object whenever one came or went, and the same for all other events.
    if (children === known) return;
    const before = new Set(Object.values(known ?? {}));
    known = children;
    for (const child of Object.values(children)) {
      if (!before.has(child) && isMachine(child)) follow(child, follower);
    }
  };
  const next = (snapshot: AnyMachineSnapshot) => {
    followNew(snapshot);
    const to = stateName(machine, snapshot.value);
    if (to !== state) {
      const now = Math.round(performance.now());
      const move = { machine, from: state, to, seconds: (now - since) / 1_000 };
      state = to;
      since = now;
      follower.moved(move);
    }
    follower.changed();
  };
  actor.subscribe({ next: contained(follower.broke, next), error: follower.broke });
  followNew(first);
}

type ChildActors = Readonly<Record<string, AnyActorRef>>;

/** The actors, and every machine below each. */
export function machinesBelow(actors: Iterable<AnyActorRef>): AnyActorRef[] {
  const all = [...actors];
  // It grows while it is gone through.
  for (const actor of all) {
    const { children } = actor.getSnapshot() as { readonly children: ChildActors };
    for (const id in children) {
      const child = children[id];
      if (child !== undefined && isMachine(child)) all.push(child);
    }
  }
  return all;
}
