import type { ChildRef } from "../../model/api/child-ref.ts";
import { findChild, type Child, type Connection } from "../../model/api/connection.ts";

/** A request to attach a workload's network namespace to a child. */
export interface AttachRequest extends ChildRef {
  /** A name below /run/netns, or a path. */
  readonly netns: string;
  /** Optional for a child with one pool. */
  readonly pool?: string | undefined;
}

/** Finds the connection and the child of a request. */
export function childWanted(
  request: AttachRequest,
  connections: ReadonlyMap<string, Connection>,
): { connection: Connection; child: Child } {
  const connection = connections.get(request.connection);
  if (connection === undefined) {
    const known = [...connections.keys()].join(", ") || "none";
    throw new Error(`there is no connection "${request.connection}"; known: ${known}`);
  }
  const child = findChild(connection, request.child);
  if (child === undefined) {
    const known = connection.children.map(({ key }) => key).join(", ");
    throw new Error(`connection ${connection.id} has no child "${request.child}"; known: ${known}`);
  }
  return { connection, child };
}

/** The pool of a request; optional for a child with one pool. */
export function poolWanted(wanted: string | undefined, child: Child): string {
  const names = [...child.pools.keys()];
  if (wanted === undefined && names.length === 1) return names[0] as string;
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  const known = names.join(", ") || "none";
  if (wanted === undefined)
    throw new Error(`child ${child.key} has several pools: name one with --pool (${known})`);
  throw new Error(`child ${child.key} has no pool "${wanted}"; known: ${known}`);
}
