import { isReady } from "../../model/status/condition.ts";
import { printableValue } from "../../model/text/printable.ts";
import type { Dated } from "../../runtime/status/dated-status.ts";
import type { StatusReport } from "../../runtime/status/report.ts";
import { outputOf, written } from "../text/output.ts";
import { statusTable } from "../text/status-table.ts";
import type { Values } from "../options/command.ts";
import { agentsIn, ipmanIn, type Agent } from "./agents.ts";
import { KubectlError, type Kubectl } from "./kubectl.ts";

/** What every agent says, as one. */
export async function status(kubectl: Kubectl, values: Values): Promise<number> {
  const output = outputOf(values);
  const agents = await agentsIn(kubectl);
  if (agents.length === 0) throw new Error("there is no agent yet: no connection is declared");
  const reports = await Promise.all(agents.map((agent) => reportOf(kubectl, agent)));
  const at = Math.floor(Date.now() / 1_000);
  const connections = reports
    .flatMap((report) => connectionsAt(at, report))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const stateProblem = reports.flatMap((report) => report.stateProblem ?? []).join("\n");
  const all = {
    at,
    ...(stateProblem !== "" && { stateProblem }),
    // Of each charon its agent's connections tell.
    charon: { state: "", failure: undefined },
    connections,
    problems: reports.flatMap((report) => report.problems),
    traffic: Object.assign({}, ...reports.map(({ traffic }) => traffic)) as StatusReport["traffic"],
  };
  process.stdout.write(output === "text" ? statusTable(all) : written(output, all));
  return connections.every(isReady) ? 0 : 1;
}

/** By this machine's clock: those of the nodes may differ. */
function connectionsAt(now: number, { at, connections }: StatusReport & Partial<Dated>) {
  // An agent of an earlier version does not say when it reported.
  const later = now - (at ?? now);
  const shifted = <T extends { readonly since: number }>(one: T): T => ({
    ...one,
    since: one.since === 0 ? 0 : one.since + later,
  });
  return connections.map((connection) => {
    return { ...shifted(connection), children: connection.children.map(shifted) };
  });
}

async function reportOf(kubectl: Kubectl, agent: Agent): Promise<StatusReport & Partial<Dated>> {
  const said = await outputAnyway(kubectl, ipmanIn(agent, "status", "-o", "json"));
  return printableValue(JSON.parse(said)) as StatusReport & Partial<Dated>;
}

/** Of a command whose status says how things are, and not that it failed. */
export async function outputAnyway(kubectl: Kubectl, args: readonly string[]): Promise<string> {
  try {
    return await kubectl.run(...args);
  } catch (error) {
    if (error instanceof KubectlError && error.output !== "") return error.output;
    throw error;
  }
}
