import {
  integerOption,
  textOption,
  UsageError,
  type Command,
  type Values,
} from "../options/command.ts";
import { impliedGroupId } from "../../model/api/group.ts";
import { nodeRunFolder, sharedFolder } from "../../model/kubernetes/deployments.ts";
import { defaultInspector, defaultVxlanPort } from "../options/defaults.ts";
import { settingsOption } from "../options/settings-option.ts";

/** charon's socket, in the folder that its pod shares with the agent's. */
const agentVici = `${sharedFolder}/charon.vici`;

export const command: Command = {
  name: "agent",
  summary: "keep the tunnels of one CharonGroup up, on its node of a cluster",
  help: `usage: ipman agent (--group NAMESPACE/NAME | --node NODE) [options]

Runs the actors of the IPSecConnections that one charon carries, beside it on its node.
The operator deploys it; there is no need to run it by hand.

options:
  --group NS/NAME    the CharonGroup
  --node NODE        the group that connections with this nodeName imply
  --host-network     charon uses the node's network
  --require-secret-consent
                     a Secret's keys are used only for the connections that its annotation
                     ipman.dialo.ai/keyFor lists
  --kubeconfig FILE  for the API server (a pod's service account, or $KUBECONFIG)
  --vici PATH        charon's VICI socket (${agentVici})
  --node-run DIR     the node's /run, with the container runtime's socket (${nodeRunFolder})
  --listen ADDRESS   metrics, /healthz and /readyz on host:port (0.0.0.0:9740)
  --inspect ADDRESS  a page with the live state machines, for port-forwards
                     (${defaultInspector}; "off" for none)
  --vxlan-port PORT  UDP port of the VXLAN segments (${defaultVxlanPort})
  --charon-settings JSON
                     of charon-systemd in strongswan.conf, by dotted names:
                     '{"filelog.container.ike":2}'
  --log LEVEL        trace, debug, info, warn, error (info); logs are JSON lines
`,
  options: {
    group: { type: "string" },
    node: { type: "string" },
    "host-network": { type: "boolean" },
    "require-secret-consent": { type: "boolean" },
    kubeconfig: { type: "string" },
    vici: { type: "string" },
    "node-run": { type: "string" },
    listen: { type: "string" },
    inspect: { type: "string" },
    "vxlan-port": { type: "string" },
    "charon-settings": { type: "string" },
    log: { type: "string" },
  },
  run: async (values) => {
    const { startAgent } = await import("./start-agent.ts");
    const agent = await startAgent({
      groupId: groupId(values),
      hostNetwork: values["host-network"] === true,
      requireSecretConsent: values["require-secret-consent"] === true,
      kubeconfig: values["kubeconfig"] as string | undefined,
      vici: textOption(values, "vici", agentVici),
      nodeRun: textOption(values, "node-run", nodeRunFolder),
      listen: textOption(values, "listen", "0.0.0.0:9740"),
      inspect: textOption(values, "inspect", defaultInspector),
      vxlanPort: integerOption(values, "vxlan-port", defaultVxlanPort, { least: 1, most: 65_535 }),
      charonSettings: settingsOption(values),
      logLevel: textOption(values, "log", "info"),
    });
    const signal = await new Promise<string>((resolve) => {
      process.once("SIGTERM", resolve);
      process.once("SIGINT", resolve);
    });
    await agent.stop(signal);
    return 0;
  },
};

function groupId(values: Values): string {
  const { group, node } = values;
  if (typeof group === "string" && /^[^/]+\/[^/]+$/.test(group) && node === undefined) return group;
  if (typeof node === "string" && group === undefined) return impliedGroupId(node);
  throw new UsageError("name one group, with --group NAMESPACE/NAME or --node NODE");
}
