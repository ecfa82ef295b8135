import { UsageError, type Command } from "../options/command.ts";
import { defaultStateFolder } from "../options/defaults.ts";
import { order } from "./orders.ts";

export const command: Command = {
  name: "restart",
  summary: "end a connection's IKE SA and negotiate anew",
  help: `usage: ipman restart CONNECTION [options]

Gives charon the connection and its secret anew, ends its IKE SAs and negotiates everything
again, also what was refused and is not tried again soon. Its traffic rests meanwhile;
workloads stay attached.

options:
  --state DIR    the runtime's --state folder (${defaultStateFolder})

exit status: 0 when each child carries traffic again, 1 when one does not
`,
  takes: "connections",
  options: { state: { type: "string" } },
  run: (values, [connection, ...more]) => {
    if (connection === undefined || more.length > 0) throw new UsageError("name one connection");
    return order(values, { op: "restart", connection });
  },
};
