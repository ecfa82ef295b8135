import { ask } from "../../adapters/control/client.ts";
import type { InspectorMessage } from "../../runtime/inspector/wire.ts";
import { textOption, UsageError, type Command } from "../options/command.ts";
import { controlSocket, defaultInspector, defaultStateFolder } from "../options/defaults.ts";
import { InspectLines } from "../text/inspect-lines.ts";
import { outputOf } from "../text/output.ts";

export const command: Command = {
  name: "inspect",
  summary: "look into the live state machines",
  help: `usage: ipman inspect [CONNECTION] [options]

Shows each actor that "ipman run", or a node's agent, has at work, with its state, and then
what happens to it, a line for each change of a state: when, which actor, from where to
where, and the event that did it. Goes on until interrupted. The same as a page, with the
charts drawn, is on http://${defaultInspector}/ of the machine that runs it.

  CONNECTION     only the actors of this connection, and charon's

options:
  --events       every event, also those that change no state
  --once         only what there is now
  -o json|yaml   all that is told, a line or a document each, in the wire format of
                 @statelyai/inspect: actors with their charts, events, snapshots. No secret is
                 ever part of it
  --state DIR    the runtime's --state folder (${defaultStateFolder})
`,
  takes: "connections",
  options: {
    events: { type: "boolean" },
    once: { type: "boolean" },
    output: { type: "string", short: "o" },
    state: { type: "string" },
  },
  run: async (values, positionals) => {
    const [connection, ...more] = positionals;
    if (more.length > 0) throw new UsageError("name one connection at most");
    const output = outputOf(values);
    const lines = new InspectLines({
      connection,
      output,
      everyEvent: values["events"] === true,
    });
    const socket = controlSocket(textOption(values, "state", defaultStateFolder));
    const once = values["once"] === true;
    for await (const told of ask(socket, { op: "inspect", once })) {
      for (const line of lines.of(told as InspectorMessage)) process.stdout.write(`${line}\n`);
    }
    return 0;
  },
};
