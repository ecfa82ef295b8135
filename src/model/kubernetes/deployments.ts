import { annotation, groupLabels, label, labelValue } from "./labels.ts";
import type { CharonSettings } from "../charon/charon-settings.ts";
import type { Child, Connection } from "../api/connection.ts";
import { digestOf, groupIdOf, nameFor, nameParts, type Group } from "../api/group.ts";
import { runs, type Image } from "./image.ts";
import type { KubeObject, OwnerReference } from "./kube-object.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";

/** Settings that all Deployments have in common. */
export interface DeploymentSettings {
  /** The namespace of the Deployments: the operator's own. */
  readonly namespace: string;
  /** Owns the Deployments, so that none is left when ipman is uninstalled. */
  readonly owner: OwnerReference | undefined;
  readonly ipmanImage: Image;
  readonly charonImage: Image;
  /** The image of charon in groups that choose it. */
  readonly legacyCharonImage: Image;
  readonly pullSecrets: readonly string[];
  /** The service account of a group's agent. */
  readonly agentAccount: (group: Group) => string;
  /** Whether a Secret has to permit a connection to use its keys. */
  readonly requireSecretConsent: boolean;
  /** Whether gateways translate addresses for Services; true by default. */
  readonly services?: boolean;
  readonly priorityClass: string;
  /** UDP port of the VXLAN segments. */
  readonly vxlanPort: number;
  /** Networks of the cluster that stay outside of tunnels. */
  readonly clusterNetworks: readonly Prefix[];
  readonly charonSettings: CharonSettings;
  readonly logLevel: string;
}

/** The port of an agent's metrics and probes. */
const agentPort = 9740;

/** The folder of charon's socket, in charon's container and in the agent's. */
export const sharedFolder = "/run/ipman";

/** The folder in which the agent has the node's /run, with the sockets of container runtimes. */
export const nodeRunFolder = "/host/run";

/** Seconds of the grace period in which a terminating pod carries the traffic on. */
const leavingSeconds = 3;
const graceSeconds = 5;

/**
 * The agent moves the traffic to a path of another node once charon's or a gateway's pod is terminating;
 * the pod works on for so long. kubelet's own sleep needs Kubernetes 1.30.
 */
const whileTrafficLeaves = {
  preStop: { exec: { command: ["busybox", "sleep", String(leavingSeconds)] } },
};

/** The Deployment of a group's charon: ipman's code does not run in it and never restarts it. */
export function charonDeployment(group: Group, settings: DeploymentSettings): KubeObject {
  const container = {
    ...containerNamed("charon", group.isLegacy ? settings.legacyCharonImage : settings.charonImage),
    args: ["charon"],
    lifecycle: whileTrafficLeaves,
    securityContext: {
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW"] },
    },
    volumeMounts: [{ name: "shared", mountPath: sharedFolder }],
    // The agent detects a charon that hangs; this probe restarts one that is dead.
    livenessProbe: {
      exec: { command: ["swanctl", "--stats"] },
      initialDelaySeconds: 30,
      periodSeconds: 60,
      timeoutSeconds: 20,
      failureThreshold: 3,
    },
    resources: { requests: { cpu: "20m", memory: "32Mi" } },
  };
  const pod = {
    hostNetwork: group.hostNetwork,
    ...(group.hostNetwork && { dnsPolicy: "ClusterFirstWithHostNet" }),
    containers: [container],
    volumes: [sharedVolume(group)],
  };
  const name = nameFor("charon", ...nameParts(group));
  return deployment(name, groupLabels(group, "charon"), group, settings, pod, group.annotations);
}

/** The Deployment of a group's agent: in a pod of its own, it restarts without charon. */
export function agentDeployment(group: Group, settings: DeploymentSettings): KubeObject {
  const probe = (path: string) => ({ httpGet: { path, port: "metrics" }, timeoutSeconds: 5 });
  const container = {
    ...containerNamed("agent", settings.ipmanImage),
    args: [
      "agent",
      ...(group.namespace === "" ? ["--node", group.nodeName] : ["--group", group.id]),
      ...(group.hostNetwork ? ["--host-network"] : []),
      ...(settings.requireSecretConsent ? ["--require-secret-consent"] : []),
      ...(settings.services === false ? ["--no-services"] : []),
      "--vxlan-port",
      String(settings.vxlanPort),
      ...networkArguments(settings.clusterNetworks),
      // Otherwise Kubernetes would replace a "$(NAME)" by the container's variable.
      "--charon-settings",
      JSON.stringify(settings.charonSettings).replaceAll("$", "$$$$"),
      "--log",
      settings.logLevel,
    ],
    ports: [{ name: "metrics", containerPort: agentPort, protocol: "TCP" }],
    // The agent enters the network namespaces of charon and gateways, and changes their routing settings.
    securityContext: {
      privileged: true,
      runAsUser: 0,
      runAsNonRoot: false,
      readOnlyRootFilesystem: true,
    },
    volumeMounts: [
      { name: "shared", mountPath: sharedFolder },
      { name: "node-run", mountPath: nodeRunFolder, readOnly: true },
    ],
    startupProbe: { ...probe("/healthz"), periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...probe("/healthz"), periodSeconds: 20, failureThreshold: 3 },
    readinessProbe: { ...probe("/readyz"), periodSeconds: 10 },
    resources: { requests: { cpu: "20m", memory: "96Mi" } },
  };
  const pod = {
    hostPID: true,
    serviceAccountName: settings.agentAccount(group),
    automountServiceAccountToken: true,
    containers: [container],
    volumes: [sharedVolume(group), { name: "node-run", hostPath: { path: "/run", type: "" } }],
  };
  const name = nameFor("agent", ...nameParts(group));
  return deployment(name, groupLabels(group, "agent"), group, settings, pod);
}

function networkArguments(networks: readonly Prefix[]): string[] {
  return networks.length === 0 ? [] : ["--cluster-networks", networks.map(formatPrefix).join(",")];
}

/** The names that the Deployment of a child's gateway in a group can have. */
export interface GatewayNames {
  /** The name without the group, which one of the groups has. */
  readonly ofChild: string;
  readonly ofGroup: string;
  /** The group, as labels have it. */
  readonly groupId: string;
  /** Whether the group is the connection's own. */
  readonly isOwn: boolean;
}

/** The possible names of a gateway's Deployment. */
export function gatewayNames(group: Group, connection: Connection, child: Child): GatewayNames {
  const parts = [connection.id, child.key];
  return {
    ofChild: nameFor("gateway", ...parts),
    ofGroup: nameFor("gateway", ...parts, ...nameParts(group)),
    groupId: digestOf([group.id]),
    isOwn: group.id === groupIdOf(connection),
  };
}

/**
 * The Deployment of a child's gateway in a group: its pod only holds a network namespace for the
 * agent.
 */
export function gatewayDeployment(
  name: string,
  group: Group,
  { connection, child }: { readonly connection: Connection; readonly child: Child },
  settings: DeploymentSettings,
): KubeObject {
  const container = {
    ...containerNamed("gateway", settings.charonImage),
    args: ["pause"],
    lifecycle: whileTrafficLeaves,
    securityContext: {
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      runAsUser: 65_534,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    resources: { requests: { cpu: "1m", memory: "4Mi" } },
  };
  const marks = { [annotation.connection]: connection.id, [annotation.child]: child.key };
  const labels = { ...groupLabels(group, "xfrm"), "ipman.dialo.ai/child": labelValue(child.key) };
  return deployment(name, labels, group, settings, { containers: [container] }, marks);
}

function containerNamed(name: string, image: Image) {
  return {
    name,
    ...runs(image),
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function sharedVolume(group: Group) {
  const path = `${sharedFolder}/${digestOf([group.id])}`;
  return { name: "shared", hostPath: { path, type: "DirectoryOrCreate" } };
}

/** A Deployment of one pod on the group's node, replaced only once the previous pod has gone. */
function deployment(
  name: string,
  labels: Readonly<Record<string, string>>,
  group: Group,
  settings: DeploymentSettings,
  pod: object,
  podAnnotations: Readonly<Record<string, string>> = {},
): KubeObject {
  const selector = { [label.type]: labels[label.type], "ipman.dialo.ai/name": name };
  const template = {
    metadata: { labels: { ...labels, ...selector }, annotations: podAnnotations },
    spec: { ...commonPod(group, settings), ...pod },
  };
  const spec = {
    replicas: 1,
    revisionHistoryLimit: 0,
    strategy: { type: "Recreate" },
    selector: { matchLabels: selector },
    template,
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name,
      namespace: settings.namespace,
      labels,
      annotations: { [annotation.digest]: digestOf([JSON.stringify([spec, labels])]) },
      ...(settings.owner !== undefined && { ownerReferences: [settings.owner] }),
    },
    spec,
  } as KubeObject;
}

function commonPod({ nodeName }: Group, settings: DeploymentSettings) {
  const onNode = [{ key: "metadata.name", operator: "In", values: [nodeName] }];
  return {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: onNode }],
        },
      },
    },
    // The pod belongs on that node, whatever taints the node has.
    tolerations: [{ operator: "Exists" }],
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: graceSeconds,
    ...(settings.priorityClass !== "" && { priorityClassName: settings.priorityClass }),
    ...(settings.pullSecrets.length > 0 && {
      imagePullSecrets: settings.pullSecrets.map((secret) => ({ name: secret })),
    }),
  };
}
