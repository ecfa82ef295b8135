import { failureOf, type Actor } from "./actors.ts";
import { longRole, pathOf } from "./path-role.ts";

/** Which actors the tree lists. */
export interface Filter {
  /** Words that title, state, role or failure must contain, all of them. */
  readonly words: string;
  /** A shown state; undefined for all. */
  readonly state: string | undefined;
}

/** A predicate for actors. A parent is not listed because of its children. */
export function matcher({ words, state }: Filter): (actor: Actor) => boolean {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return (actor) => {
    if (state !== undefined && actor.shown !== state) return false;
    if (wanted.length === 0) return true;
    const { title, shown, state: inner } = actor;
    const path = pathOf(actor);
    const role = path === undefined ? "" : longRole(path);
    const text = [title, shown, inner, role, failureOf(actor)].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
}

/** How many actors are in each shown state, by its name. */
export function countByState(actors: readonly Actor[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { shown } of actors) {
    if (shown !== "") counts.set(shown, (counts.get(shown) ?? 0) + 1);
  }
  return new Map([...counts].toSorted(([a], [b]) => a.localeCompare(b)));
}
