import type { Program } from "../options/command.ts";
import { runProgram } from "../program/run-program.ts";
import { clusterOptions } from "./cluster/cluster-options.ts";
import { commands } from "./commands.ts";

/** `kubectl ipman`, which kubectl finds as `kubectl-ipman`. */
export const program: Program = {
  name: "kubectl ipman",
  title: "Shows what the tunnels of a cluster do, and why.",
  commands,
  globals: clusterOptions,
  notes: `
"kubectl ipman help COMMAND" explains a command. kubectl's other options are accepted too, such as
--cluster, --user, --as and --request-timeout; see "kubectl options".`,
};

/** `kubectl ipman`; returns the exit status. */
export function main(args: readonly string[]): Promise<number> {
  return runProgram(program, args);
}
