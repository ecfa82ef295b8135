import { ask } from "../../adapters/control/client.ts";
import type { BufferedLine } from "../../runtime/logs/log-buffer.ts";
import { defineCommand } from "../options/command.ts";
import { connection, stateFolder } from "../options/common.ts";
import { controlSocket } from "../options/defaults.ts";
import { flag } from "../options/kinds.ts";

export const command = defineCommand({
  details: `Prints the log lines about the connection that the runtime still has, and the lines that charon
logged while something was wrong, ordered by time.`,
  arguments: { connection },
  options: {
    follow: flag(
      "-f, --follow",
      "continue with new lines, with all of charon's, until interrupted",
    ),
    state: stateFolder,
  },
  run: async ({ connection, follow, state }) => {
    for await (const line of ask(controlSocket(state), { op: "logs", connection, follow })) {
      process.stdout.write(`${formatLogLine(line as BufferedLine)}\n`);
    }
    return 0;
  },
});

/** Formats a line of a runtime's log buffer. */
export function formatLogLine({ at, from, text }: BufferedLine): string {
  return `${new Date(at).toISOString().slice(0, 23)}  ${from.padEnd(6)}  ${text}`;
}
