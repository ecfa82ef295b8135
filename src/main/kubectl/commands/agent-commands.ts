import { moveHelp } from "../../commands/move.ts";
import { rekeyHelp } from "../../commands/rekey.ts";
import { restartHelp } from "../../commands/restart.ts";
import { child, connection, path } from "../../options/common.ts";
import { longName, type OptionTable } from "../../options/option.ts";
import { agentsOf, ipmanIn } from "../cluster/agents.ts";
import { defineClusterCommand } from "../cluster/cluster-options.ts";
import type { Kubectl } from "../cluster/kubectl.ts";

/** These run `ipman` in the pod of the connection's agent. */
export const rekey = defineClusterCommand({
  ...rekeyHelp,
  arguments: { connection, child },
  options: {},
  run: ({ connection, child }, kubectl) => runInAgent(kubectl, ["rekey", connection, child]),
});

export const move = defineClusterCommand({
  ...moveHelp,
  arguments: { connection, path },
  options: {},
  run: ({ connection, path }, kubectl) => runInAgent(kubectl, ["move", connection, path]),
});

export const restart = defineClusterCommand({
  ...restartHelp,
  arguments: { connection },
  options: {},
  run: ({ connection }, kubectl) => runInAgent(kubectl, ["restart", connection]),
});

/** Runs `ipman` in the pod of a connection's agent, with the options that the user gave. */
export async function runInAgent(
  kubectl: Kubectl,
  [command, connection, part]: readonly [
    command: string,
    connection: string,
    part?: string | undefined,
  ],
  table: OptionTable = {},
  values: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const [agent] = await agentsOf(kubectl, connection);
  const options = Object.entries(table).flatMap(([name, option]) => {
    const value = values[name];
    // The agent may be of an earlier version: it gets what the user gave.
    if (value === option.fallback || value === undefined) return [];
    return typeof value === "string" ? [longName(option), value] : [longName(option)];
  });
  const words = [command, connection, ...(part === undefined ? [] : [part])];
  return kubectl.shown(...ipmanIn(agent, ...words, ...options));
}
