import { requiredOption, textOption, type Command } from "../options/command.ts";
import { controlSocket, defaultStateFolder } from "../options/defaults.ts";

export const command: Command = {
  name: "attach",
  summary: "put a network namespace behind a child",
  help: `usage: ipman attach --netns NAME --connection C --child K [--pool P] [options]

Gives a network namespace an address of one of the child's pools, a VXLAN device to its
gateway, and routes to the networks behind the peer. Prints the address. Done twice it
changes nothing; when the namespace is deleted, its address is free again.

In a cluster it is the first init container of each annotated pod: "ipman attach --self"
attaches the pod it runs in, as the operator's webhook told it, and needs NET_ADMIN only.

options:
  --self            this process's own namespace, by $IPMAN_ATTACH
  --netns NAME      under /run/netns, or a path
  --connection C    metadata.name of the IPSecConnection
  --child K         the child's key or name
  --pool P          may be left out where the child has one pool
  --state DIR       the runtime's --state folder (${defaultStateFolder})

example:
  ip netns add app
  ipman attach --netns app --connection example-connection --child example-child
`,
  options: {
    self: { type: "boolean" },
    netns: { type: "string" },
    connection: { type: "string" },
    child: { type: "string" },
    pool: { type: "string" },
    state: { type: "string" },
  },
  run: async (values) => {
    if (values["self"] === true) {
      const { attachSelf } = await import("./attach-self.ts");
      process.stdout.write(`${attachSelf()}\n`);
      return 0;
    }
    const { askOnce } = await import("../../adapters/control/client.ts");
    const request = {
      op: "attach",
      netns: requiredOption(values, "netns"),
      connection: requiredOption(values, "connection"),
      child: requiredOption(values, "child"),
      pool: values["pool"],
    };
    const socket = controlSocket(textOption(values, "state", defaultStateFolder));
    const { address } = (await askOnce(socket, request)) as { address: string };
    process.stdout.write(`${address}\n`);
    return 0;
  },
};
