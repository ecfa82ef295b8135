import { ask } from "../../adapters/control/client.ts";
import type { Finding } from "../../model/status/finding.ts";
import { defineCommand } from "../options/command.ts";
import { child, connection, output, stateFolder } from "../options/common.ts";
import { controlSocket } from "../options/defaults.ts";
import { flag, optionalText } from "../options/kinds.ts";
import { findingLines } from "../text/finding-lines.ts";
import { formatValue } from "../text/output.ts";

/** The help text of `diagnose`, here and in `kubectl ipman`. */
export const diagnoseHelp = {
  details: `Checks, in the order of cause and effect, everything that traffic depends on: the manifest, charon,
the secret, the route to the peer, the IKE SA and the peer's answers, each child's CHILD SA, the
namespace of its gateway, its workers, whether packets pass and of which size, and the packets that
the kernel drops. If the connection has several paths, it checks the active one, and last whether each
other one could take over. The output begins with the cause and its remedy.

It changes nothing. It takes seconds, and longer if nothing answers.`,
  notes: "Exit status: 0 if no problem was found, 1 if one was.",
};

/** The options of a diagnosis, except those that select the runtime. */
export const diagnoseOptions = {
  ping: optionalText(
    "--ping <address>",
    "an address behind the peer that answers to ping (by default that of the child's probe)",
  ),
  rekey: flag("--rekey", "also rekey the CHILD SAs, which shows whether the peer agrees (PFS)"),
  output,
};

export const command = defineCommand({
  ...diagnoseHelp,
  arguments: { connection, child },
  options: {
    ...diagnoseOptions,
    service: optionalText(
      "--service <namespace/name>",
      "in an agent, only whether the endpoints of this Service, or the partner's hosts behind it, accept connections by TCP",
    ),
    state: stateFolder,
  },
  run: async ({ connection, child, ping, rekey, service, output, state }) => {
    const findings: Finding[] = [];
    const request = { op: "diagnose", connection, child, ping, rekey, service };
    for await (const result of ask(controlSocket(state), request)) {
      const finding = result as Finding;
      findings.push(finding);
      if (output !== "text") process.stdout.write(formatValue(output, finding));
    }
    if (output === "text")
      process.stdout.write(`${findingLines(connection, findings).join("\n")}\n`);
    return findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
  },
});
