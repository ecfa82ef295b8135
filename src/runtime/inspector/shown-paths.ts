import type { AnyMachineSnapshot } from "xstate";
import {
  connectionMachine,
  type ConnectionSnapshot,
} from "../../machines/connection/connection.ts";
import type { PathFacts } from "../../model/status/status.ts";
import { pathFacts } from "../status/path-status.ts";

const none: readonly PathFacts[] = [];

/** The paths of a connection that has several, here and on other nodes; none for other actors. */
export function shownPaths({
  machine,
  context,
}: Pick<AnyMachineSnapshot, "machine" | "context">): readonly PathFacts[] {
  if (machine.id !== connectionMachine.id) return none;
  return pathFacts(context as ConnectionSnapshot["context"]);
}

/** A path as one line of a connection's context: `backup, warm standby on node-b: established`. */
export function pathLine({ name, role, standby, state, node }: PathFacts): string {
  const as = role === "standby" ? `${standby} standby` : role;
  return `${name}, ${as}${node === undefined ? "" : ` on ${node}`}: ${state}`;
}
