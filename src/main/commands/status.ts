import { ask } from "../../adapters/control/client.ts";
import { isReady } from "../../model/status/condition.ts";
import type { Dated } from "../../runtime/status/dated-status.ts";
import type { Status } from "../../model/status/status.ts";
import { textOption, type Command } from "../options/command.ts";
import { controlSocket, defaultStateFolder } from "../options/defaults.ts";
import { outputOf, written } from "../text/output.ts";
import { statusTable } from "../text/status-table.ts";

export const command: Command = {
  name: "status",
  summary: "what is up, and why not",
  help: `usage: ipman status [options]

Shows each connection and child that "ipman run" has on this host: whether it is up and
since when, what went through its present SAs, its gateway, its workloads, and what keeps it
from being ready.

options:
  -o json|yaml   everything, with Kubernetes' conditions
  --watch        again after every change, without traffic, until interrupted
  --state DIR    the runtime's --state folder (${defaultStateFolder})

exit status: 0 when every connection is ready, 1 when one is not
`,
  options: {
    output: { type: "string", short: "o" },
    watch: { type: "boolean" },
    state: { type: "string" },
  },
  run: async (values) => {
    const output = outputOf(values);
    const socket = controlSocket(textOption(values, "state", defaultStateFolder));
    let status: (Status & Dated) | undefined;
    for await (const result of ask(socket, { op: values["watch"] === true ? "watch" : "report" })) {
      status = result as Status & Dated;
      process.stdout.write(output === "text" ? statusTable(status) : written(output, status));
    }
    return status !== undefined && status.connections.every(isReady) ? 0 : 1;
  },
};
