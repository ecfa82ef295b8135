import { ask } from "../../adapters/control/client.ts";
import type { Finding } from "../../model/status/finding.ts";
import { textOption, UsageError, type Command } from "../options/command.ts";
import { controlSocket, defaultStateFolder } from "../options/defaults.ts";
import { findingLines } from "../text/finding-lines.ts";
import { outputOf, written } from "../text/output.ts";

export const command: Command = {
  name: "diagnose",
  summary: "find out why a connection carries no traffic",
  help: `usage: ipman diagnose CONNECTION [CHILD] [options]

Looks, in the order of cause and effect, for what keeps traffic from passing: the document,
charon, the secret, the route to the peer, the IKE SA and what the peer says to it, each
child's CHILD SA, its gateway's namespace and its workers, whether packets pass, of which
size, and what the kernel throws away. The cause comes first, with what to do about it.

It asks and looks, and changes nothing. It takes seconds, longer where nobody answers.

options:
  --ping ADDRESS  somebody behind the peer who answers to ping (the child's probe)
  --rekey         have CHILD SAs rekeyed, which shows whether the peer agrees (PFS)
  -o json|yaml    each finding by itself
  --state DIR     the runtime's --state folder (${defaultStateFolder})

exit status: 0 when there is no problem, 1 when there is one
`,
  takes: "connections",
  options: {
    ping: { type: "string" },
    rekey: { type: "boolean" },
    output: { type: "string", short: "o" },
    state: { type: "string" },
  },
  run: async (values, [connection, child, ...more]) => {
    if (connection === undefined || more.length > 0)
      throw new UsageError("name one connection, and one child at most");
    const output = outputOf(values);
    const socket = controlSocket(textOption(values, "state", defaultStateFolder));
    const findings: Finding[] = [];
    const request = { op: "diagnose", connection, child, ping: values["ping"] };
    for await (const found of ask(socket, { ...request, rekey: values["rekey"] === true })) {
      findings.push(found as Finding);
      if (output !== "text") process.stdout.write(written(output, found));
    }
    if (output === "text")
      process.stdout.write(`${findingLines(connection, findings).join("\n")}\n`);
    return findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
  },
};
