import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { Running } from "../ports/running.ts";

/**
 * The root actor of a connection.
 *
 * @throws if there is no connection with this id
 */
export function rootOf({ roots }: Pick<Running, "roots">, id: string): ConnectionActor {
  const root = roots.get(id);
  if (root !== undefined) return root;
  const known = [...roots.keys()].join(", ") || "none";
  throw new Error(`there is no connection "${id}" here; known: ${known}`);
}
