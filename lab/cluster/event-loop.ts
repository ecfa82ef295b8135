import { join } from "node:path";
import type { LabCluster, NodeName } from "./cluster.ts";

const program = join(import.meta.dirname, "evaluate.ts");
/** A pattern that the command of the shell, which contains it too, does not match. */
const agentCommand = "^/usr/bin/node /app/ipman.js agent --node";
const histogram = "globalThis.labEventLoopDelay";
/** Between two samples. A delay is measured from one sample to the next. */
const resolutionMs = 10;

/**
 * The longest time in which the event loop of a node's agent did not run while `during` did, in
 * milliseconds. The agent's process measures it itself.
 */
export async function longestAgentDelay(
  { nodes }: LabCluster,
  node: NodeName,
  during: () => void | Promise<void>,
): Promise<number> {
  const evaluate = async (expression: string) => {
    // Node's inspector listens in the network namespace of the agent's pod.
    return nodes[node].sh(
      `pid=$(pgrep --oldest --full '${agentCommand}') && ` +
        `nsenter --net --target $pid ${process.execPath} ${program} $pid '${expression}'`,
    );
  };
  const hooks = 'process.getBuiltinModule("node:perf_hooks")';
  await evaluate(
    `(${histogram} = ${hooks}.monitorEventLoopDelay({ resolution: ${resolutionMs} })).enable()`,
  );
  await during();
  const longest = `(${histogram}.disable(), ${histogram}.max)`;
  return Number(await evaluate(longest)) / 1e6;
}
