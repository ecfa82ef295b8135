import { defineCommand } from "../options/command.ts";
import { stateFolder } from "../options/common.ts";
import { controlSocket } from "../options/defaults.ts";
import { flag, optionalText } from "../options/kinds.ts";
import { UsageError } from "../options/option.ts";
import { quickValues } from "../program/quick-values.ts";

export const command = defineCommand({
  details: `Gives a network namespace an address of one of the child's pools, a VXLAN device to its gateway, and
routes to the networks behind the peer. Prints the address. A second call changes nothing; when the
namespace is deleted, its address is free again.

In a cluster, "ipman attach --self" is the first init container of each annotated pod. It attaches
its own pod to each child that the operator's webhook names, and needs NET_ADMIN only.`,
  arguments: {},
  options: {
    self: flag("--self", "attach the namespace of this process, by $IPMAN_ATTACH"),
    netns: optionalText("--netns <name>", "a name under /run/netns, or a path", {
      offers: "namespaces",
    }),
    connection: optionalText("--connection <name>", "metadata.name of the IPSecConnection", {
      offers: "connections",
    }),
    child: optionalText("--child <name>", "the child's key or name", { offers: "children" }),
    pool: optionalText("--pool <name>", "required if the child has several pools"),
    state: stateFolder,
  },
  notes: `Example:
  ip netns add app
  ipman attach --netns app --connection example-connection --child example-child`,
  run: async ({ self, netns, connection, child, pool, state }) => {
    if (self) {
      const { attachSelf } = await import("./attach-self.ts");
      process.stdout.write(`${attachSelf().join("\n")}\n`);
      return 0;
    }
    const request = {
      op: "attach",
      netns: given("--netns", netns),
      connection: given("--connection", connection),
      child: given("--child", child),
      pool,
    };
    const { askOnce } = await import("../../adapters/control/client.ts");
    const { address } = (await askOnce(controlSocket(state), request)) as { address: string };
    process.stdout.write(`${address}\n`);
    return 0;
  },
});

/**
 * Runs the command without commander: every annotated pod waits for it when it starts.
 *
 * @returns the exit status; undefined for a command line that commander has to explain
 */
export async function attachQuickly(args: readonly string[]): Promise<number | undefined> {
  const values = quickValues(command.options, args);
  if (values === undefined) return undefined;
  try {
    return await command.run(values, {});
  } catch (error) {
    const { reportFailure } = await import("../program/report-failure.ts");
    return reportFailure("ipman attach", error);
  }
}

function given(option: string, value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new UsageError(`${option} is required, unless the command has --self`);
}
