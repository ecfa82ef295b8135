import { UsageError, type Command } from "../options/command.ts";
import { defaultStateFolder } from "../options/defaults.ts";
import { order } from "./orders.ts";

export const command: Command = {
  name: "rekey",
  summary: "have CHILD SAs rekeyed now",
  help: `usage: ipman rekey CONNECTION [CHILD] [options]

Has the CHILD SAs of a connection, or of one child, rekeyed now, as they would be in time.
Traffic goes on. A peer that would refuse in an hour, for its proposals have another key
exchange group (PFS), refuses now.

options:
  --state DIR    the runtime's --state folder (${defaultStateFolder})

exit status: 0 when each has a new SA, 1 when one has not
`,
  takes: "connections",
  options: { state: { type: "string" } },
  run: (values, [connection, child, ...more]) => {
    if (connection === undefined || more.length > 0)
      throw new UsageError("name one connection, and one child at most");
    return order(values, { op: "rekey", connection, ...(child !== undefined && { child }) });
  },
};
