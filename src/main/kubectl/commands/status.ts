import { isReady } from "../../../model/status/condition.ts";
import { printable, printableValue } from "../../../model/text/printable.ts";
import type { Dated } from "../../../runtime/status/dated-status.ts";
import type { StatusReport } from "../../../runtime/status/report.ts";
import { watch } from "../../commands/status.ts";
import { output } from "../../options/common.ts";
import type { Output } from "../../text/output-format.ts";
import { formatValue } from "../../text/output.ts";
import { statusTable } from "../../text/status-table.ts";
import { agentsIn, ipmanIn, type Agent } from "../cluster/agents.ts";
import { defineClusterCommand } from "../cluster/cluster-options.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import { mergeReports, type AgentReport } from "./merge-reports.ts";
import { watchStatus } from "./watch-status.ts";

/** The status of all agents as one. */
export const command = defineClusterCommand({
  details: `Lists the connections of all agents of the cluster: state, traffic, gateway, workers and the reason
why a connection is not ready. JSON and YAML also have the conditions.`,
  arguments: {},
  options: { output, watch },
  notes: "Exit status: 0 if every connection is ready, 1 if one is not.",
  run: async ({ output, watch }, kubectl) => {
    if (watch) return watchStatus(kubectl, (reports) => void print(output, reports));
    const agents = await agentsIn(kubectl);
    if (agents.length === 0) throw new Error("there is no agent: no connection is declared");
    const answers = await Promise.allSettled(agents.map((agent) => reportOf(kubectl, agent)));
    const reports = answers.flatMap((answer) =>
      answer.status === "fulfilled" ? [answer.value] : [],
    );
    const errors = answers.flatMap((answer) =>
      answer.status === "rejected" ? [answer.reason as Error] : [],
    );
    if (reports.length === 0) throw errors[0];
    for (const { message } of errors)
      process.stderr.write(`kubectl ipman status: ${printable(message)}\n`);
    return print(output, reports) && errors.length === 0 ? 0 : 1;
  },
});

/** Prints the reports as one status; returns whether every connection is ready. */
function print(output: Output, reports: readonly AgentReport[]): boolean {
  const status = mergeReports(reports, Math.floor(Date.now() / 1_000));
  process.stdout.write(output === "text" ? statusTable(status) : formatValue(output, status));
  return status.connections.every(isReady);
}

async function reportOf(kubectl: Kubectl, agent: Agent): Promise<AgentReport> {
  const json = await kubectl.runAnyway(...ipmanIn(agent, "status", "-o", "json"));
  return printableValue(JSON.parse(json)) as StatusReport & Partial<Dated>;
}
