import type { AnyActorRef } from "xstate";

/**
 * Calls `onChange` after each event that an actor, or any machine below it, has dealt with;
 * an actor's own observers hear nothing of its children. What ends is let go by itself.
 */
export function follow(actor: AnyActorRef, onChange: () => void): void {
  let known: Children | undefined;
  const followNew = ({ children = {} }: { readonly children?: Children }) => {
    // Another object whenever one came or went, and the same for all other events.
    if (children === known) return;
    const before = new Set(Object.values(known ?? {}));
    known = children;
    for (const child of Object.values(children)) {
      if (!before.has(child) && isMachine(child)) follow(child, onChange);
    }
  };
  actor.subscribe({
    next: (snapshot: object) => {
      followNew(snapshot);
      onChange();
    },
    // Its parent, or the supervisor, deals with it.
    error: () => {},
  });
  followNew(actor.getSnapshot() as object);
}

type Children = Readonly<Record<string, AnyActorRef>>;

/** Calls that are under way are actors as well; nobody looks at those. */
function isMachine(ref: AnyActorRef): boolean {
  return "value" in (ref.getSnapshot() as object);
}
