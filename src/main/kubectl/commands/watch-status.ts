import { setTimeout as sleep } from "node:timers/promises";
import { printable, printableValue } from "../../../model/text/printable.ts";
import { agentsIn, ipmanIn, type Agent } from "../cluster/agents.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import type { AgentReport } from "./merge-reports.ts";

/** Agents are listed again after this time when one of them ended. */
const pauseMs = 2_000;

/** Reports that come close together are printed as one. */
const gatherMs = 100;

/**
 * Calls `print` with the reports of all agents once they are there, and after each change, until
 * the process is interrupted. When an agent ends, it waits for those that are there then.
 *
 * @throws {Error} if there is no agent at first
 */
export async function watchStatus(
  kubectl: Kubectl,
  print: (reports: readonly AgentReport[]) => void,
  pause: number = pauseMs,
): Promise<never> {
  const first = await agentsIn(kubectl);
  if (first.length === 0) throw new Error("there is no agent: no connection is declared");
  for (let agents = first; ; agents = await agentsIn(kubectl)) {
    const ready = agents.filter((agent) => agent.ready);
    const watched = ready.length > 0 ? ready : agents;
    if (watched.length > 0) await watchAgents(kubectl, watched, print);
    await sleep(pause);
  }
}

/** Watches agents until one of them ends. */
async function watchAgents(
  kubectl: Kubectl,
  agents: readonly Agent[],
  print: (reports: readonly AgentReport[]) => void,
): Promise<void> {
  const ended = new AbortController();
  const reports = new Map<Agent, AgentReport>();
  let timer: NodeJS.Timeout | undefined;
  const watch = async (agent: Agent): Promise<void> => {
    const args = ipmanIn(agent, "status", "--watch", "-o", "json");
    try {
      for await (const line of kubectl.lines(ended.signal, ...args)) {
        reports.set(agent, printableValue(JSON.parse(line)) as AgentReport);
        if (reports.size < agents.length) continue;
        timer ??= setTimeout(() => {
          timer = undefined;
          print([...reports.values()]);
        }, gatherMs);
      }
    } catch (error) {
      const { message } = error as Error;
      process.stderr.write(`kubectl ipman status: ${printable(`${agent.name}: ${message}`)}\n`);
    } finally {
      ended.abort();
    }
  };
  await Promise.all(agents.map(watch));
  clearTimeout(timer);
}
