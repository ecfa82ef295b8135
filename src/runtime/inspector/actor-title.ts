import type { AnyActorRef } from "xstate";
import { onlyPath, pathActorId } from "../../machines/connection/connection-types.ts";

/** The name of an actor's part: `lan`, `lan gateway`, `path`, `path backup`. */
export function labelOf({ id }: Pick<AnyActorRef, "id">): string {
  if (id === pathActorId(onlyPath)) return "path";
  const [, kind, key = ""] = /^(child|gateway|path)\.(.*)$/.exec(id) ?? [];
  if (kind === undefined) return id;
  if (kind === "child") return key;
  return kind === "gateway" ? `${key} gateway` : `path ${key}`;
}

/**
 * The title of an actor: `partner`, `partner path`, `partner/lan`, `partner/lan gateway`. The titles
 * of children omit the only path of a connection.
 */
export function titleOf(actor: AnyActorRef): string {
  const { id, _parent: parent } = actor;
  if (parent === undefined) return id;
  if (!/^(child|gateway)\./.test(id)) return `${titleOf(parent)} ${labelOf(actor)}`;
  const above = parent.id === pathActorId(onlyPath) ? parent._parent : undefined;
  return `${titleOf(above ?? parent)}/${labelOf(actor)}`;
}
