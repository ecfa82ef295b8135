import { statSync } from "node:fs";
import { addressOrOff } from "../options/address-option.ts";
import { defineCommand } from "../options/command.ts";
import { logFormat, logLevel, vxlanPort } from "../options/common.ts";
import {
  defaultFabric,
  defaultInspector,
  defaultStateFolder,
  defaultViciPath,
} from "../options/defaults.ts";
import { argument, flag, text } from "../options/kinds.ts";
import { UsageError } from "../options/option.ts";
import { networkOption } from "../options/network-option.ts";
import { terminationSignal } from "./termination-signal.ts";

export const command = defineCommand({
  details: `Reads every *.yaml and *.yml in the folder (IPSecConnection and Secret, the same manifests as in
Kubernetes), brings the tunnels up with the charon on this host and keeps them up. It watches the
folder: when a file is saved, the difference is applied. A manifest with problems changes nothing;
"ipman status" shows them, and the last valid version stays in force.

Each child gets a network namespace ipman-IF_ID with its xfrm interface and VXLAN device. Workloads
join by "ipman attach".

When the command ends (SIGTERM, SIGINT, a crash), tunnels and devices stay and carry traffic. The next
start adopts them without an IKE exchange.`,
  arguments: { folder: argument("folder", "the folder with the manifests", "folders") },
  options: {
    vici: text("--vici <path>", "charon's VICI socket", defaultViciPath, { offers: "files" }),
    state: text(
      "--state <folder>",
      "the folder of the control socket, the list of attachments and segment.key, the key of the segments' MAC addresses",
      defaultStateFolder,
      { offers: "folders" },
    ),
    metrics: addressOrOff(
      "--metrics <address>",
      "host:port to serve Prometheus metrics on",
      "127.0.0.1:9740",
    ),
    inspect: addressOrOff(
      "--inspect <address>",
      "host:port of this machine to serve a page with the live state machines on",
      defaultInspector,
    ),
    vxlanPort,
    fabric: networkOption(
      "--fabric <network>",
      "addresses between gateways and workloads",
      defaultFabric,
    ),
    teardown: flag("--teardown", "remove the tunnels and devices at SIGTERM and SIGINT"),
    logLevel,
    logFormat,
  },
  run: async ({ folder, vici, state, teardown, logLevel, logFormat, ...options }) => {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new UsageError(`${folder} is not a folder`);
    const { startHost } = await import("./host.ts");
    const host = await startHost({
      ...options,
      folder,
      vici: vici.replace(/^unix:\/\//, ""),
      stateFolder: state,
      log: { level: logLevel, format: logFormat },
    });
    await host.stop(await terminationSignal(), teardown);
    return 0;
  },
});
