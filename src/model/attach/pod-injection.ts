import type { Address } from "../net/address.ts";
import { formatAddress } from "../net/address.ts";
import { attachVariable, nodeVariable, writeOrder } from "./attach-order.ts";
import type { Child, Connection } from "../api/connection.ts";
import { runs, type Image } from "../kubernetes/image.ts";
import type { KubeMeta } from "../kubernetes/kube-object.ts";
import type { PatchOperation } from "./json-patch.ts";
import { annotation, label, labelValue } from "../kubernetes/labels.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { WorkerSecrets } from "../network/segment.ts";

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
}

/** A pod in an admission request; its name may be generated later. */
export interface NewPod {
  readonly metadata: Partial<KubeMeta> & { readonly generateName?: string };
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}

/** The facts that are injected into a pod. */
export interface Injection {
  readonly connection: Connection;
  readonly child: Child;
  readonly pool: string;
  readonly address: Prefix;
  /** The pod address of the gateway. */
  readonly gateway: Address;
  /** The id of the address's reservation, as the store has it. */
  readonly reservationId: string;
  /** The proof of that reservation. */
  readonly proof: string;
  readonly secrets: WorkerSecrets;
  readonly tunnelMtu: number;
  readonly vxlanPort: number;
  /** The image that contains `ipman attach`. */
  readonly image: Image;
}

export const attachContainer = "ipman-attach";
const addressVariable = "VXLAN_IP";

/** The patch that makes a pod a worker; a second application changes nothing. */
export function injectionPatch(pod: NewPod, injection: Injection): PatchOperation[] {
  const { metadata, spec } = pod;
  const text = formatAddress(injection.address.address);
  const others = (spec.initContainers ?? []).filter(({ name }) => name !== attachContainer);
  return [
    put("/metadata/annotations", { ...metadata.annotations, ...annotationsOf(injection) }),
    put("/metadata/labels", {
      ...metadata.labels,
      [label.worker]: labelValue(injection.child.name),
    }),
    put("/spec/initContainers", [
      { ...attachContainerOf(injection), ...mountsOf(spec.containers) },
      ...others.map((c) => withAddress(c, text)),
    ]),
    ...spec.containers.map((container, i) =>
      put(`/spec/containers/${i}/env`, withAddress(container, text).env),
    ),
  ];
}

/** RFC 6902: `add` replaces an existing member. */
function put(path: string, value: unknown): PatchOperation {
  return { op: "add", path, value };
}

function annotationsOf(injection: Injection): Record<string, string> {
  const { connection, child, pool, address, gateway, vxlanPort } = injection;
  return {
    [annotation.connection]: connection.id,
    [annotation.pool]: pool,
    [annotation.vxlanIp]: formatPrefix(address),
    [annotation.xfrmIp]: formatAddress(child.xfrmIp.address),
    [annotation.interfaceId]: String(child.ifId),
    [annotation.localIps]: JSON.stringify(child.localSelectors.map(formatPrefix)),
    [annotation.remoteIps]: JSON.stringify(child.remoteSelectors.map(formatPrefix)),
    [annotation.xfrmUnderlyingIp]: formatAddress(gateway),
    [annotation.vxlanPort]: String(vxlanPort),
    [annotation.reservedAt]: injection.reservationId,
    [annotation.reservation]: injection.proof,
  };
}

function withAddress(container: Container, value: string): Container {
  const others = (container.env ?? []).filter(({ name }) => name !== addressVariable);
  return { ...container, env: [...others, { name: addressVariable, value }] };
}

/** The path at which the API server mounts the service account's token in each container. */
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The mount that the API server would add, as it did to the other containers. With the mount in
 * place the API server changes nothing, and so does not call the webhook again.
 */
function mountsOf(containers: readonly Container[]): Pick<Container, "volumeMounts"> {
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  const token = mounts.find(({ mountPath }) => mountPath === tokenPath);
  return token === undefined ? {} : { volumeMounts: [token] };
}

function attachContainerOf(injection: Injection): Container {
  const { connection, child, address, secrets, gateway, tunnelMtu, vxlanPort } = injection;
  const worker = { address, ...secrets };
  const order = { connection, child, worker, gatewayUnderlay: gateway, tunnelMtu, vxlanPort };
  return {
    name: attachContainer,
    ...runs(injection.image),
    args: ["attach", "--self"],
    env: [
      { name: attachVariable, value: writeOrder(order) },
      {
        name: nodeVariable,
        valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "status.hostIP" } },
      },
    ],
    securityContext: {
      runAsUser: 0,
      runAsNonRoot: false,
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] },
    },
    resources: { requests: { cpu: "10m", memory: "48Mi" } },
    terminationMessagePolicy: "FallbackToLogsOnError",
  } as Container;
}
