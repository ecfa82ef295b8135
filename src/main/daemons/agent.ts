import { impliedGroupId } from "../../model/api/group.ts";
import { nodeRunFolder, sharedFolder } from "../../model/kubernetes/deployments.ts";
import { addressOption, addressOrOff } from "../options/address-option.ts";
import { defineCommand } from "../options/command.ts";
import { clusterNetworks, kubeconfig, logFormat, logLevel, vxlanPort } from "../options/common.ts";
import { defaultInspector } from "../options/defaults.ts";
import { flag, optionalText, text } from "../options/kinds.ts";
import { requireCluster } from "../options/require-cluster.ts";
import { UsageError } from "../options/option.ts";
import { charonSettings } from "../options/settings-option.ts";
import { terminationSignal } from "./termination-signal.ts";

export const command = defineCommand({
  details: `Runs the actors of the IPSecConnections of one charon, beside it on its node. The operator deploys
agents; there is no need to start one by hand.`,
  arguments: {},
  options: {
    group: optionalText(
      "--group <namespace/name[@node]>",
      "the CharonGroup; with a node if it has several, and this is not the one that it began with",
    ),
    node: optionalText("--node <node>", "the group of the connections that have this nodeName"),
    hostNetwork: flag("--host-network", "charon uses the node's network"),
    requireSecretConsent: flag(
      "--require-secret-consent",
      "use a Secret's keys only for the connections that its annotation ipman.dialo.ai/keyFor lists",
    ),
    services: flag(
      "--no-services",
      "do not read Services and EndpointSlices; gateways forward none",
    ),
    kubeconfig,
    vici: text("--vici <path>", "charon's VICI socket", `${sharedFolder}/charon.vici`, {
      offers: "files",
    }),
    nodeRun: text(
      "--node-run <folder>",
      "the node's /run, with the socket of the container runtime",
      nodeRunFolder,
      { offers: "folders" },
    ),
    listen: addressOption(
      "--listen <address>",
      "host:port of metrics, /healthz and /readyz",
      "0.0.0.0:9740",
    ),
    inspect: addressOrOff(
      "--inspect <address>",
      "host:port of a page with the live state machines, for port-forwards",
      defaultInspector,
    ),
    vxlanPort,
    clusterNetworks,
    charonSettings,
    logLevel,
    logFormat,
  },
  run: async ({ group, node, logLevel, logFormat, ...options }) => {
    const groupId = groupIdFrom(group, node);
    requireCluster(options.kubeconfig);
    const { startAgent } = await import("./start-agent.ts");
    const agent = await startAgent({
      ...options,
      groupId,
      log: { level: logLevel, format: logFormat },
    });
    await agent.stop(await terminationSignal());
    return 0;
  },
});

function groupIdFrom(group: string | undefined, node: string | undefined): string {
  if (group !== undefined && node === undefined && /^[^/]+\/[^/]+$/.test(group)) return group;
  if (node !== undefined && node !== "" && group === undefined) return impliedGroupId(node);
  throw new UsageError("one group is required: --group NAMESPACE/NAME or --node NODE");
}
