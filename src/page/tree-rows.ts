import type { Actor } from "./actors.ts";

/** An actor as a row of the tree. */
export interface TreeRow {
  readonly actor: Actor;
  /** The actor's own name below its parent, its whole title otherwise. */
  readonly label: string;
  /** Depth in the listed tree, from 1. */
  readonly level: number;
  /** Place among the listed siblings, from 1, and their number. */
  readonly position: number;
  readonly siblings: number;
}

/** @param actors the listed ones, every parent before its children; a parent may be missing */
export function treeRows(actors: readonly Actor[]): TreeRow[] {
  const listed = new Set(actors);
  const parentOf = ({ parent }: Actor) =>
    parent !== undefined && listed.has(parent) ? parent : undefined;
  const groups = Map.groupBy(actors, parentOf);
  const positions = new Map<Actor | undefined, number>();
  const levels = new Map<Actor, number>();
  return actors.map((actor) => {
    const parent = parentOf(actor);
    const position = (positions.get(parent) ?? 0) + 1;
    positions.set(parent, position);
    const level = parent === undefined ? 1 : (levels.get(parent) ?? 0) + 1;
    levels.set(actor, level);
    const label = parent === undefined ? actor.title : actor.label;
    return { actor, label, level, position, siblings: groups.get(parent)?.length ?? 0 };
  });
}
