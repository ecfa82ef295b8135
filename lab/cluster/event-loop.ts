import { join } from "node:path";
import type { LabCluster, NodeName } from "./cluster.ts";

const program = join(import.meta.dirname, "evaluate.ts");
/** A pattern that the command of the shell, which contains it too, does not match. */
const agentCommand = "^/usr/bin/node /app/ipman.js agent --node";
/** Between two samples; milliseconds. */
const resolutionMs = 10;

/** In the agent's process. */
const begin = `{
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  globalThis.labTurns = { longest: 0, last: used() };
  labTurns.timer = setInterval(() => {
    const now = used();
    labTurns.longest = Math.max(labTurns.longest, now - labTurns.last);
    labTurns.last = now;
  }, ${resolutionMs});
  0;
}`;
const end = `
  clearInterval(labTurns.timer);
  labTurns.longest`;

/**
 * Measures for how long an agent's event loop did not run while `during` does: the most processor time
 * that its thread used between two samples, in milliseconds. A delay would also count the time in which
 * a busy machine gave the agent no processor.
 */
export async function longestTurn(
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
  await evaluate(begin);
  await during();
  return Number(await evaluate(end));
}
