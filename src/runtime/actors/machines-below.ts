import type { AnyActorRef } from "xstate";
import { isMachine } from "./machine-of.ts";

export type ChildActors = Readonly<Record<string, AnyActorRef>>;

/** The given actors, and every machine below each of them. */
export function machinesBelow(actors: Iterable<AnyActorRef>): AnyActorRef[] {
  const all = [...actors];
  // The array grows during the iteration.
  for (const actor of all) {
    const { children } = actor.getSnapshot() as { readonly children: ChildActors };
    for (const id in children) {
      const child = children[id];
      if (child !== undefined && isMachine(child)) all.push(child);
    }
  }
  return all;
}
