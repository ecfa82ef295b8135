import { statSync } from "node:fs";
import {
  integerOption,
  textOption,
  UsageError,
  type Command,
  type Values,
} from "../options/command.ts";
import {
  defaultFabric,
  defaultInspector,
  defaultStateFolder,
  defaultViciPath,
  defaultVxlanPort,
} from "../options/defaults.ts";
import { startHost, type HostOptions } from "./host.ts";

export const command: Command = {
  name: "run",
  summary: "keep the tunnels of a folder of manifests up, on this host",
  help: `usage: ipman run DIR [options]

Reads every *.yaml and *.yml in DIR (IPSecConnection, Secret, the same documents that go
to Kubernetes), brings the tunnels up with the charon on this host and keeps them up. The
folder is watched: save a file, and the difference is applied. A document with problems
changes nothing; "ipman status" shows them, and the last good version goes on.

Each child gets a network namespace ipman-IF_ID with its xfrm interface and VXLAN device.
Workloads join with "ipman attach".

When it ends (SIGTERM, SIGINT, a crash), tunnels and devices stay and carry traffic; the
next start adopts them without any IKE exchange.

options:
  --vici PATH        charon's VICI socket (${defaultViciPath})
  --state DIR        for the control socket, the list of attachments and the key of the
                     segments' MAC addresses, segment.key (${defaultStateFolder})
  --metrics ADDRESS  serve Prometheus metrics on host:port (127.0.0.1:9740; "off" for none)
  --inspect ADDRESS  serve a page with the live state machines on host:port, to this machine
                     alone (127.0.0.1:9741; "off" for none)
  --vxlan-port PORT  UDP port of the VXLAN segments (${defaultVxlanPort})
  --fabric NETWORK   addresses between gateways and workloads (${defaultFabric})
  --teardown         on SIGTERM and SIGINT, remove the tunnels and everything that was made
  --log LEVEL        trace, debug, info, warn, error (info); logs are JSON lines
`,
  takes: "files",
  options: {
    vici: { type: "string" },
    state: { type: "string" },
    metrics: { type: "string" },
    inspect: { type: "string" },
    "vxlan-port": { type: "string" },
    fabric: { type: "string" },
    teardown: { type: "boolean" },
    log: { type: "string" },
  },
  run: async (values, positionals) => {
    const host = await startHost(hostOptions(values, positionals));
    const signal = await new Promise<string>((resolve) => {
      process.once("SIGTERM", resolve);
      process.once("SIGINT", resolve);
    });
    await host.stop(signal, values["teardown"] === true);
    return 0;
  },
};

function hostOptions(values: Values, positionals: readonly string[]): HostOptions {
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new UsageError("name one folder of manifests");
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`${folder} is no folder`);
  }
  return {
    folder,
    vici: textOption(values, "vici", defaultViciPath).replace(/^unix:\/\//, ""),
    stateFolder: textOption(values, "state", defaultStateFolder),
    metrics: textOption(values, "metrics", "127.0.0.1:9740"),
    inspect: textOption(values, "inspect", defaultInspector),
    fabric: textOption(values, "fabric", defaultFabric),
    vxlanPort: integerOption(values, "vxlan-port", defaultVxlanPort, { least: 1, most: 65_535 }),
    logLevel: textOption(values, "log", "info"),
  };
}
