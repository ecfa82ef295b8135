import { ask } from "../../adapters/control/client.ts";
import type { InspectorMessage } from "../../runtime/inspector/wire.ts";
import { defineCommand } from "../options/command.ts";
import { output, stateFolder } from "../options/common.ts";
import { controlSocket, defaultInspector } from "../options/defaults.ts";
import { flag, optionalArgument } from "../options/kinds.ts";
import { InspectLines } from "../text/inspect-lines.ts";

export const command = defineCommand({
  details: `Prints each actor of "ipman run", or of a node's agent, with its state, and then a line for each
change of a state: the time, the actor, the states before and after, and the event. It continues
until interrupted. http://${defaultInspector}/ on the machine of the runtime has the same as a page with
charts.

JSON and YAML have the wire format of @statelyai/inspect: actors with their charts, events and
snapshots. The output contains no secret.`,
  arguments: {
    connection: optionalArgument(
      "connection",
      "only the actors of this connection, and charon's",
      "connections",
    ),
  },
  options: {
    events: flag("--events", "every event, including those that change no state"),
    once: flag("--once", "only the current states"),
    output,
    state: stateFolder,
  },
  run: async ({ connection, events, once, output, state }) => {
    const lines = new InspectLines({ connection, output, everyEvent: events });
    for await (const event of ask(controlSocket(state), { op: "inspect", once })) {
      for (const line of lines.of(event as InspectorMessage)) process.stdout.write(`${line}\n`);
    }
    return 0;
  },
});
