import { addresses } from "./cluster.ts";

/** The child of the walk-through; `n` distinguishes children. */
export function walkThroughChild(n = 2, changes: object = {}) {
  return {
    name: "example-child",
    extra: { esp_proposals: "aes256-sha256-ecp256", start_action: "start", dpd_action: "restart" },
    local_ips: [`10.0.${n}.0/24`],
    remote_ips: [`10.0.${n - 1}.0/24`],
    xfrm_ip: `10.0.${n}.1/24`,
    vxlan_ip: `10.0.${n}.2/24`,
    if_id: 100 + n,
    ip_pools: { primary: [`10.0.${n}.3/24`, `10.0.${n}.4/24`] },
    ...changes,
  };
}

/** The connection of the walk-through, verbatim except for the node's name. */
export function walkThrough(nodeName: string, changes: object = {}) {
  return {
    apiVersion: "ipman.dialo.ai/v1",
    kind: "IPSecConnection",
    metadata: { name: "example-connection", namespace: "ipman-system" },
    spec: {
      name: "example",
      remoteAddr: addresses.peer,
      localAddr: addresses.nodeA,
      localId: addresses.nodeA,
      remoteId: addresses.peer,
      secretRef: { name: "ipsec-secret", namespace: "default", key: "example" },
      children: { "example-child": walkThroughChild() },
      nodeName,
      ...changes,
    },
  };
}

/** The same manifest under another name. */
export function renamed<T extends { metadata: object }>(name: string, manifest: T): T {
  return { ...manifest, metadata: { name } };
}

export interface WorkloadOptions {
  readonly name: string;
  readonly node: string;
  readonly replicas?: number;
  readonly connection?: string;
  readonly child?: string;
  readonly pool?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Lists the attachments instead of the separate annotations. */
  readonly attachments?: readonly object[];
}

/** A Deployment of the lab's image whose pods join a tunnel. */
export function workload(options: WorkloadOptions) {
  const { name, node, replicas = 2, annotations = {}, attachments } = options;
  const { connection = "example-connection", child = "example-child", pool = "primary" } = options;
  const separate = {
    "ipman.dialo.ai/childName": child,
    "ipman.dialo.ai/ipmanName": connection,
    "ipman.dialo.ai/poolName": pool,
  };
  const listed = { "ipman.dialo.ai/attachments": JSON.stringify(attachments) };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: {
          labels: { app: name },
          annotations: {
            ...(attachments === undefined ? separate : listed),
            ...annotations,
          },
        },
        spec: {
          nodeName: node,
          terminationGracePeriodSeconds: 1,
          containers: [{ name: "main", image: "lab:dev", imagePullPolicy: "IfNotPresent" }],
        },
      },
    },
  };
}

/** A Namespace with the strictest of Kubernetes' policies. */
export function restrictedNamespace(name: string) {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** A pod that this policy admits, with the name `caller`. */
export function restrictedPod(namespace: string, changes: { readonly nodeName?: string } = {}) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "caller", namespace },
    spec: {
      ...changes,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65_532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "main",
          image: "lab:dev",
          imagePullPolicy: "IfNotPresent",
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}
