import type { AnyActorRef, AnyMachineSnapshot } from "xstate";
import { contained } from "./contained.ts";
import { isMachine } from "./machine-of.ts";
import type { ChildActors } from "./machines-below.ts";
import { stateName } from "./state-name.ts";

/** A move of an actor from one state of its chart to another. */
export interface Transition {
  /** The chart: `connection`, `child`, `gateway`, `charon`, `probe`. */
  readonly machine: string;
  readonly from: string;
  readonly to: string;
  /** Time that the actor spent in `from`, in seconds. */
  readonly seconds: number;
}

export interface TransitionObserver {
  /** Called after each event that changed the snapshot. */
  readonly changed: () => void;
  readonly moved: (transition: Transition) => void;
  /** Called with an exception that stopped the actor, or that one of the functions above threw. */
  readonly broke: (error: unknown) => void;
}

/**
 * Observes an actor and every machine below it, since an actor's own observers are not notified
 * of its children. An actor that ends needs no unsubscription.
 */
export function observeTransitions(actor: AnyActorRef, observer: TransitionObserver): void {
  const first = actor.getSnapshot() as AnyMachineSnapshot;
  const machine = first.machine.id;
  let state = stateName(machine, first.value);
  // V8 stores whole milliseconds in place; a fraction would be one more object per actor.
  let since = Math.round(performance.now());
  let known: ChildActors | undefined;
  const observeNew = ({ children }: { readonly children: ChildActors }) => {
    // XState replaces this object only when a child starts or ends.
    if (children === known) return;
    const before = new Set(Object.values(known ?? {}));
    known = children;
    for (const child of Object.values(children)) {
      if (!before.has(child) && isMachine(child)) observeTransitions(child, observer);
    }
  };
  let last = first;
  const next = (snapshot: AnyMachineSnapshot) => {
    // An event that no transition takes leaves the snapshot as it is.
    if (snapshot === last) return;
    last = snapshot;
    observeNew(snapshot);
    const to = stateName(machine, snapshot.value);
    if (to !== state) {
      const now = Math.round(performance.now());
      const transition = { machine, from: state, to, seconds: (now - since) / 1_000 };
      state = to;
      since = now;
      observer.moved(transition);
    }
    observer.changed();
  };
  actor.subscribe({ next: contained(observer.broke, next), error: observer.broke });
  observeNew(first);
}
