import { ask, askOnce } from "../../adapters/control/client.ts";
import type { ActorMessage, InspectorMessage } from "../../runtime/inspector/wire.ts";
import type { Dated } from "../../runtime/status/dated-status.ts";
import type { StatusReport } from "../../runtime/status/report.ts";
import { defineCommand } from "../options/command.ts";
import { connection, output, stateFolder } from "../options/common.ts";
import { controlSocket } from "../options/defaults.ts";
import { describeLines, type Described } from "../text/describe-lines.ts";
import { formatValue } from "../text/output.ts";

/** The help text of `describe`, here and in `kubectl ipman`. */
export const describeHelp = {
  details: `Prints the connection's IKE SA and conditions, and for each child its CHILD SA, traffic, gateway,
workers and probe. The output contains no secret.`,
  notes: "Exit status: 0 if the connection exists, 1 if it does not.",
};

export const command = defineCommand({
  ...describeHelp,
  arguments: { connection },
  options: { output, state: stateFolder },
  run: async ({ connection, output, state }) => {
    const described = await descriptionOf(controlSocket(state), connection);
    process.stdout.write(
      output === "text"
        ? `${describeLines(described).join("\n")}\n`
        : formatValue(output, described),
    );
    return 0;
  },
});

async function descriptionOf(socket: string, id: string): Promise<Described> {
  const report = (await askOnce(socket, { op: "report" })) as StatusReport & Dated;
  const { connections, traffic, at } = report;
  const connection = connections.find((candidate) => candidate.id === id);
  if (connection === undefined) {
    const known = connections.map((candidate) => candidate.id).join(", ") || "none";
    throw new Error(`there is no connection "${id}" here; known: ${known}`);
  }
  const allActors: ActorMessage[] = [];
  for await (const result of ask(socket, { op: "inspect", once: true })) {
    const event = result as InspectorMessage;
    // Every actor of a kind has the same chart, and a description does not show charts.
    if (event.type === "@xstate.actor") allActors.push({ ...event, definition: undefined });
  }
  const root = allActors.find(({ name, parentId }) => name === id && parentId === undefined);
  const actors = allActors.filter(({ rootId }) => rootId === root?.sessionId);
  const ownTraffic = Object.entries(traffic).filter(([title]) => title.startsWith(`${id}/`));
  return { at, connection, traffic: Object.fromEntries(ownTraffic), actors };
}
