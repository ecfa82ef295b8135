import type { AnyActorRef } from "xstate";
import { pathActorId } from "../../machines/connection/connection-types.ts";
import { mainPath } from "../../model/api/path.ts";

/** The name of a path: `path`, or `path backup` for one beside the main one. */
export function pathLabel(name: string): string {
  return name === mainPath ? "path" : `path ${name}`;
}

/** The name of an actor's part: `lan`, `lan gateway`, `path`, `path backup`. */
export function labelOf({ id }: Pick<AnyActorRef, "id">): string {
  const [, kind, key = ""] = /^(child|gateway|path)\.(.*)$/.exec(id) ?? [];
  if (kind === undefined) return id;
  if (kind === "child") return key;
  return kind === "gateway" ? `${key} gateway` : pathLabel(key);
}

/**
 * The title of an actor: `partner`, `partner path`, `partner/lan`, `partner/lan gateway`. The titles
 * of children omit the path that a connection without further paths has.
 */
export function titleOf(actor: AnyActorRef): string {
  const { id, _parent: parent } = actor;
  if (parent === undefined) return id;
  if (!/^(child|gateway)\./.test(id)) return `${titleOf(parent)} ${labelOf(actor)}`;
  const above = parent.id === pathActorId(mainPath) ? parent._parent : undefined;
  return `${titleOf(above ?? parent)}/${labelOf(actor)}`;
}
