import type { ActorRefFrom } from "xstate";
import type { connectionMachine } from "../../machines/connection/connection.ts";
import type { Supervisor } from "./supervisor.ts";

/** A connection's actor. */
export type Root = ActorRefFrom<typeof connectionMachine>;

/** @throws where there is no such connection */
export function rootOf({ roots }: Pick<Supervisor, "roots">, id: string): Root {
  const root = roots.get(id);
  if (root !== undefined) return root;
  const known = [...roots.keys()].join(", ") || "none";
  throw new Error(`there is no connection "${id}" here; there is ${known}`);
}
