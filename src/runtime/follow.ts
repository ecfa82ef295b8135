import type { AnyActorRef } from "xstate";

/**
 * Calls `onChange` after each event that an actor, or any machine below it, has dealt with.
 * An actor's own observers hear nothing of its children. What ends is let go by itself.
 */
export function follow(actor: AnyActorRef, onChange: () => void): void {
  const followed = new WeakSet<AnyActorRef>();
  const visit = (ref: AnyActorRef) => {
    for (const child of childrenOf(ref)) {
      if (followed.has(child)) continue;
      followed.add(child);
      child.subscribe({
        next: () => {
          visit(child);
          onChange();
        },
        // The parent deals with it.
        error: () => {},
      });
      visit(child);
    }
  };
  actor.subscribe({ next: () => visit(actor), error: () => {} });
  visit(actor);
}

/** The machines among an actor's children; calls that are under way have none of their own. */
function childrenOf(ref: AnyActorRef): AnyActorRef[] {
  const { children = {} } = ref.getSnapshot() as { children?: Record<string, AnyActorRef> };
  return Object.values(children).filter((child) => "value" in (child.getSnapshot() as object));
}
