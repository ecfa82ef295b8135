import type { AnyActorRef, AnyMachineSnapshot } from "xstate";
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
  actor.subscribe(new ObservedSnapshots(first, observer));
  observeNew({}, first.children, observer);
}

/** The snapshots of one actor. Every actor has one, so it is an object without closures. */
class ObservedSnapshots {
  readonly #observer: TransitionObserver;
  #last: AnyMachineSnapshot;
  /** V8 stores whole milliseconds in place; a fraction would be one more object per actor. */
  #since = Math.round(performance.now());

  constructor(first: AnyMachineSnapshot, observer: TransitionObserver) {
    this.#last = first;
    this.#observer = observer;
  }

  next(snapshot: AnyMachineSnapshot): void {
    const last = this.#last;
    // An event that no transition takes leaves the snapshot as it is.
    if (snapshot === last) return;
    this.#last = snapshot;
    try {
      observeNew(last.children, snapshot.children, this.#observer);
      this.#compare(last, snapshot);
      this.#observer.changed();
    } catch (error) {
      this.#observer.broke(error);
    }
  }

  error(error: unknown): void {
    this.#observer.broke(error);
  }

  #compare(last: AnyMachineSnapshot, snapshot: AnyMachineSnapshot): void {
    const machine = snapshot.machine.id;
    const from = stateName(machine, last.value);
    const to = stateName(machine, snapshot.value);
    if (from === to) return;
    const now = Math.round(performance.now());
    const seconds = (now - this.#since) / 1_000;
    this.#since = now;
    this.#observer.moved({ machine, from, to, seconds });
  }
}

/** Observes the machines among an actor's children that it did not have before. */
function observeNew(known: ChildActors, children: ChildActors, observer: TransitionObserver): void {
  // XState replaces this object only when a child starts or ends.
  if (children === known) return;
  const before = new Set(Object.values(known));
  for (const child of Object.values(children)) {
    if (!before.has(child) && isMachine(child)) observeTransitions(child, observer);
  }
}
