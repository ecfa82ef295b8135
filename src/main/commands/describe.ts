import { ask, askOnce } from "../../adapters/control/client.ts";
import type { ActorMessage, InspectorMessage } from "../../runtime/inspector/wire.ts";
import type { Dated } from "../../runtime/status/dated-status.ts";
import type { StatusReport } from "../../runtime/status/report.ts";
import { textOption, UsageError, type Command } from "../options/command.ts";
import { controlSocket, defaultStateFolder } from "../options/defaults.ts";
import { describeLines, type Described } from "../text/describe-lines.ts";
import { outputOf, written } from "../text/output.ts";

export const command: Command = {
  name: "describe",
  summary: "everything about one connection",
  help: `usage: ipman describe CONNECTION [options]

Shows a connection with its IKE SA, its conditions, and each child with its CHILD SA, what
went through it, its gateway, its workers and its probe. Nothing secret is part of it.

options:
  -o json|yaml   the same for programs
  --state DIR    the runtime's --state folder (${defaultStateFolder})

exit status: 0 when the connection is there, 1 when it is not
`,
  takes: "connections",
  options: { output: { type: "string", short: "o" }, state: { type: "string" } },
  run: async (values, [id, ...more]) => {
    if (id === undefined || more.length > 0) throw new UsageError("name one connection");
    const output = outputOf(values);
    const socket = controlSocket(textOption(values, "state", defaultStateFolder));
    const described = await about(socket, id);
    process.stdout.write(
      output === "text" ? `${describeLines(described).join("\n")}\n` : written(output, described),
    );
    return 0;
  },
};

async function about(socket: string, id: string): Promise<Described> {
  const report = (await askOnce(socket, { op: "report" })) as StatusReport & Dated;
  const { connections, traffic, at } = report;
  const connection = connections.find((one) => one.id === id);
  if (connection === undefined) {
    const known = connections.map((one) => one.id).join(", ") || "none";
    throw new Error(`there is no connection "${id}" here; there is ${known}`);
  }
  const all: ActorMessage[] = [];
  for await (const told of ask(socket, { op: "inspect", once: true })) {
    const event = told as InspectorMessage;
    // Charts are the same for all, and of no use here.
    if (event.type === "@xstate.actor") all.push({ ...event, definition: undefined });
  }
  const root = all.find(({ name, parentId }) => name === id && parentId === undefined);
  const actors = all.filter(({ rootId }) => rootId === root?.sessionId);
  const own = Object.entries(traffic).filter(([title]) => title.startsWith(`${id}/`));
  return { at, connection, traffic: Object.fromEntries(own), actors };
}
