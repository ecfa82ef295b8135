import { failureOf, outermost, type Actor } from "./actors.ts";

/** Which actors are wanted. */
export interface Filter {
  /** Words, all of which are to be found in title, state or failure. */
  readonly words: string;
  /** An outermost state; undefined for all. */
  readonly state: string | undefined;
}

/** A test for actors; those above a wanted one are not kept for its sake: titles tell. */
export function matcher({ words, state }: Filter): (actor: Actor) => boolean {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return (actor) => {
    if (state !== undefined && outermost(actor.state) !== state) return false;
    if (wanted.length === 0) return true;
    const text = `${actor.title} ${actor.state} ${failureOf(actor) ?? ""}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
}

/** How many actors are in each outermost state, by its name. */
export function countByState(actors: readonly Actor[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { state } of actors) {
    const name = outermost(state);
    if (name !== "") counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Map([...counts].toSorted(([a], [b]) => a.localeCompare(b)));
}
