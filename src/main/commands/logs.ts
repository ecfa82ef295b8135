import { ask } from "../../adapters/control/client.ts";
import type { RecentLine } from "../../runtime/logs/recent.ts";
import { textOption, UsageError, type Command } from "../options/command.ts";
import { controlSocket, defaultStateFolder } from "../options/defaults.ts";

export const command: Command = {
  name: "logs",
  summary: "what ipman and charon logged of a connection",
  help: `usage: ipman logs CONNECTION [options]

Prints what the runtime has logged of a connection since it began, as far as it keeps it, and
what charon said of it while anything was amiss, by time.

options:
  -f, --follow   go on with what comes, until interrupted; charon's lines are all among it
  --state DIR    the runtime's --state folder (${defaultStateFolder})
`,
  takes: "connections",
  options: { follow: { type: "boolean", short: "f" }, state: { type: "string" } },
  run: async (values, [connection, ...more]) => {
    if (connection === undefined || more.length > 0) throw new UsageError("name one connection");
    const socket = controlSocket(textOption(values, "state", defaultStateFolder));
    const request = { op: "logs", connection, follow: values["follow"] === true };
    for await (const line of ask(socket, request)) {
      process.stdout.write(`${recentLine(line as RecentLine)}\n`);
    }
    return 0;
  },
};

export function recentLine({ at, from, text }: RecentLine): string {
  return `${new Date(at).toISOString().slice(0, 23)}  ${from.padEnd(6)}  ${text}`;
}
