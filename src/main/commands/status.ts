import { ask } from "../../adapters/control/client.ts";
import { isReady } from "../../model/status/condition.ts";
import type { Dated } from "../../runtime/status/dated-status.ts";
import type { ConnectionStatus, Status } from "../../model/status/status.ts";
import { defineCommand } from "../options/command.ts";
import { output, stateFolder } from "../options/common.ts";
import { controlSocket } from "../options/defaults.ts";
import { flag } from "../options/kinds.ts";
import { formatValue } from "../text/output.ts";
import { statusTable } from "../text/status-table.ts";

/** The option to print the status after each change. */
export const watch = flag(
  "-w, --watch",
  "print it again after each change, without traffic, until interrupted",
);

export const command = defineCommand({
  details: `Lists each connection and child of "ipman run" on this host: its state and since when, the traffic
of its current SAs, its gateway, its workers, and the reason why it is not ready. JSON and YAML also
have the conditions.`,
  arguments: {},
  options: { output, watch, state: stateFolder },
  notes: "Exit status: 0 if every connection is ready, 1 if one is not.",
  run: async ({ output, watch, state }) => {
    let status: (Status & Dated) | undefined;
    for await (const result of ask(controlSocket(state), { op: watch ? "watch" : "report" })) {
      status = result as Status & Dated;
      process.stdout.write(output === "text" ? statusTable(status) : formatValue(output, status));
    }
    const isGood = (one: ConnectionStatus) => one.leads === false || isReady(one);
    return status !== undefined && status.connections.every(isGood) ? 0 : 1;
  },
});
