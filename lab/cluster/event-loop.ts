import { join } from "node:path";
import type { LabCluster, NodeName } from "./cluster.ts";

const program = join(import.meta.dirname, "evaluate.ts");
/** A pattern that the command of the shell, which contains it too, does not match. */
const agentCommand = "^/usr/bin/node /app/ipman.js agent --node";
/** Between two samples. A delay is measured from one sample to the next. */
const resolutionMs = 10;

/** In the agent's process. */
const begin = `
  globalThis.labBegin = {
    cpu: process.cpuUsage(),
    delay: process.getBuiltinModule("node:perf_hooks").monitorEventLoopDelay({ resolution: ${resolutionMs} }),
  };
  labBegin.delay.enable()`;
const end = `
  labBegin.delay.disable();
  ({ delay: labBegin.delay.max / 1e6, cpu: process.cpuUsage(labBegin.cpu) })`;

interface Measured {
  readonly delay: number;
  readonly cpu: { readonly user: number; readonly system: number };
}

/** How long an agent's event loop did not run, in milliseconds. */
export interface AgentDelay {
  /** The longest delay; on a busy machine, also the time in which the agent had no processor. */
  readonly longest: number;
  /** The processor time of the agent meanwhile: it was not busy with anything for longer. */
  readonly busy: number;
}

/** Measures the event loop of a node's agent while `during` runs. The agent's process measures it itself. */
export async function agentDelay(
  { nodes }: LabCluster,
  node: NodeName,
  during: () => void | Promise<void>,
): Promise<AgentDelay> {
  const evaluate = async (expression: string) => {
    // Node's inspector listens in the network namespace of the agent's pod.
    return nodes[node].sh(
      `pid=$(pgrep --oldest --full '${agentCommand}') && ` +
        `nsenter --net --target $pid ${process.execPath} ${program} $pid '${expression}'`,
    );
  };
  await evaluate(begin);
  await during();
  const { delay, cpu } = JSON.parse(await evaluate(end)) as Measured;
  return { longest: delay, busy: (cpu.user + cpu.system) / 1_000 };
}
