import { ask } from "../adapters/control/client.ts";
import type { Status } from "../runtime/status.ts";
import { textOption, UsageError, type Command } from "./command.ts";
import { controlSocket, defaultStateFolder } from "./defaults.ts";
import { statusTable } from "./status-table.ts";

export const command: Command = {
  name: "status",
  summary: "what is up, and why not",
  help: `usage: ipman status [options]

Shows each connection and child that "ipman run" has on this host: its state, its
gateway, its workloads, and what keeps it from being ready.

options:
  -o json        everything, with Kubernetes' conditions
  --watch        again after every change, until interrupted
  --state DIR    the runtime's --state folder (${defaultStateFolder})

exit status: 0 when every connection is ready, 1 when one is not
`,
  options: {
    output: { type: "string", short: "o" },
    watch: { type: "boolean" },
    state: { type: "string" },
  },
  run: async (values) => {
    const output = textOption(values, "output", "table");
    if (output !== "table" && output !== "json") throw new UsageError("-o takes table or json");
    const socket = controlSocket(textOption(values, "state", defaultStateFolder));
    let status: Status | undefined;
    for await (const result of ask(socket, { op: values["watch"] === true ? "watch" : "status" })) {
      status = result as Status;
      process.stdout.write(output === "json" ? `${JSON.stringify(status)}\n` : statusTable(status));
    }
    return status !== undefined && status.connections.every(isReady) ? 0 : 1;
  },
};

function isReady({ conditions }: Status["connections"][number]): boolean {
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}
