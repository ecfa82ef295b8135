import type { ConnectionActor } from "../../machines/connection/connection.ts";
import { nodeOfPath } from "../../model/api/group.ts";
import { isHere } from "../../model/api/path.ts";
import type { Running } from "../ports/running.ts";

/**
 * The root actor of a connection.
 *
 * @throws if no connection has this id, or if its manifest never was valid
 */
export function rootOf(
  { roots, desired }: Pick<Running, "roots" | "desired">,
  id: string,
): ConnectionActor {
  const root = roots.get(id);
  if (root !== undefined) return root;
  const [problem] = desired.problems.get(id) ?? [];
  if (problem !== undefined)
    throw new Error(`connection ${id} is not valid: ${problem.path}: ${problem.message}`);
  const known = [...roots.keys()].join(", ") || "none";
  throw new Error(`there is no connection "${id}" here; known: ${known}`);
}

/** Why this agent cannot act on the traffic of a connection; undefined if it has the active path. */
export function activeElsewhere(root: ConnectionActor): string | undefined {
  const { connection, active } = root.getSnapshot().context;
  if (isHere(connection, active)) return undefined;
  const node = nodeOfPath(connection, active) ?? "another node";
  return `the active path ${active} of connection ${connection.id} is on ${node}, and the agent there has its tunnel`;
}
