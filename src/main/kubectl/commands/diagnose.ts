import { diagnoseHelp, diagnoseOptions } from "../../commands/diagnose.ts";
import { serviceWord } from "../../completion/names.ts";
import { argument, optionalArgument } from "../../options/kinds.ts";
import { UsageError } from "../../options/option.ts";
import { defineClusterCommand } from "../cluster/cluster-options.ts";
import type { Kubectl } from "../cluster/kubectl.ts";
import { diagnoseServiceNamed } from "../services/diagnose-service.ts";
import { runInAgent } from "./agent-commands.ts";

/** Diagnoses a connection in the pod of its agent, or a Service by the API server and that agent. */
export const command = defineClusterCommand({
  details: `${diagnoseHelp.details}

For a Service, it checks in this order: the request in its class and annotations; connection, child, pool
and namespace; its address; its endpoints; the tunnel and the networks that were negotiated with the
partner; for hosts of the partner, the EndpointSlice; the ports and the limit of the gateway; and whether
endpoints, or the partner's hosts, accept connections by TCP. The first problem ends the checks.

  kubectl ipman diagnose service NAMESPACE/NAME`,
  notes: diagnoseHelp.notes,
  arguments: {
    connection: argument(
      "connection",
      `metadata.name of an IPSecConnection, or the word "${serviceWord}"`,
      "subjects",
    ),
    child: optionalArgument(
      "child",
      `one child only, by its key or name; after "${serviceWord}", NAMESPACE/NAME of a Service`,
      "parts",
    ),
  },
  options: diagnoseOptions,
  run: async ({ connection, child, ...values }, kubectl) => {
    // No child has a name with a slash.
    if (connection !== serviceWord || child?.includes("/") !== true) {
      if (connection === serviceWord) await requireConnection(kubectl, connection);
      return runInAgent(kubectl, ["diagnose", connection, child], diagnoseOptions, values);
    }
    const { ping, rekey, output } = values;
    if (ping !== undefined || rekey)
      throw new UsageError("--ping and --rekey are for connections, not for Services");
    return diagnoseServiceNamed(child, output, kubectl);
  },
});

/** Refuses a word that only a connection of this name could mean, if there is none. */
async function requireConnection(kubectl: Kubectl, name: string): Promise<void> {
  const found = await kubectl.run("get", "ipsecconnection", name, "--ignore-not-found");
  if (found.trim() === "")
    throw new UsageError(`name the Service with its namespace: diagnose ${name} NAMESPACE/NAME`);
}
