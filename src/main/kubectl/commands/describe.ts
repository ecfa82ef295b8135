import { describeHelp } from "../../commands/describe.ts";
import type { ServiceObject } from "../../../model/services/service-object.ts";
import { printable, printableValue } from "../../../model/text/printable.ts";
import { connection, output } from "../../options/common.ts";
import type { ItemList } from "../cluster/agents.ts";
import { defineClusterCommand } from "../cluster/cluster-options.ts";
import { KubectlError, type Kubectl } from "../cluster/kubectl.ts";
import { serviceLines } from "../services/service-lines.ts";
import { runInAgent } from "./agent-commands.ts";

/** The agent's description of a connection, with the Services that name it. */
export const command = defineClusterCommand({
  details: `${describeHelp.details}

The text ends with the Services that name the connection, and the operator's answer to each.`,
  notes: describeHelp.notes,
  arguments: { connection },
  options: { output },
  run: async ({ connection, ...values }, kubectl) => {
    const status = await runInAgent(kubectl, ["describe", connection], { output }, values);
    if (status === 0 && values.output === "text") await printServices(kubectl, connection);
    return status;
  },
});

/** Prints nothing but the reason to a user who may not list Services. */
async function printServices(kubectl: Kubectl, connection: string): Promise<void> {
  try {
    const list = await kubectl.json<ItemList<ServiceObject>>("get", "services", "-A");
    const { items } = printableValue(list) as ItemList<ServiceObject>;
    for (const line of serviceLines(items, connection)) process.stdout.write(`${line}\n`);
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    process.stderr.write(`kubectl ipman describe: ${printable(error.message)}\n`);
  }
}
