import type { Address } from "../net/address.ts";
import { formatAddress } from "../net/address.ts";
import { attachVariable, nodeVariable, writeOrders, type AttachOrder } from "./attach-order.ts";
import type { Child, Connection } from "../api/connection.ts";
import { runs, type Image } from "../kubernetes/image.ts";
import type { KubeMeta } from "../kubernetes/kube-object.ts";
import type { PatchOperation } from "./json-patch.ts";
import { annotation, label, labelValue, severalGatewaysVersion } from "../kubernetes/labels.ts";
import { writeListed, type Annotations } from "../kubernetes/pod-attachments.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { WorkerSecrets } from "../network/segment.ts";
import { remoteAsSeen } from "../translation/child-nat.ts";

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

/** An attachment of a pod that the operator admits. */
export interface NewAttachment {
  /** The annotations that request it, if the pod lists it; undefined for separate annotations. */
  readonly listed: Annotations | undefined;
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
  /** Whether the child has gateways on several nodes. */
  readonly severalGateways?: true;
}

/** The facts that are injected into a pod. */
export interface Injection {
  /** At least one; that of the separate annotations, if the pod has them, is the first. */
  readonly attachments: readonly [NewAttachment, ...NewAttachment[]];
  readonly vxlanPort: number;
  /** The image that contains `ipman attach`. */
  readonly image: Image;
}

export const attachContainer = "ipman-attach";
/** The address of the first attachment. */
const addressVariable = "VXLAN_IP";
/** The addresses of all attachments, separated by commas; for pods that list attachments. */
const addressesVariable = "VXLAN_IPS";

/** The patch that makes a pod a worker; a second application changes nothing. */
export function injectionPatch(pod: NewPod, injection: Injection): PatchOperation[] {
  const { metadata, spec } = pod;
  const [first] = injection.attachments;
  const variables = variablesOf(injection);
  const others = (spec.initContainers ?? []).filter(({ name }) => name !== attachContainer);
  return [
    put("/metadata/annotations", annotationsOf(metadata.annotations, injection)),
    put("/metadata/labels", { ...metadata.labels, [label.worker]: labelValue(first.child.name) }),
    put("/spec/initContainers", [
      { ...attachContainerOf(injection), ...mountsOf(spec.containers) },
      ...others.map((c) => withVariables(c, variables)),
    ]),
    ...spec.containers.map((container, i) =>
      put(`/spec/containers/${i}/env`, withVariables(container, variables).env),
    ),
  ];
}

/** RFC 6902: `add` replaces an existing member. */
function put(path: string, value: unknown): PatchOperation {
  return { op: "add", path, value };
}

/** The annotations of a pod with those of its attachments; results that its author wrote are replaced. */
function annotationsOf(
  given: Annotations = {},
  { attachments, vxlanPort }: Injection,
): Annotations {
  const { [annotation.attached]: _, ...kept } = withoutVersion(given);
  const separate = attachments.find(({ listed }) => listed === undefined);
  const listed = attachments.flatMap((attachment) =>
    attachment.listed === undefined
      ? []
      : [{ ...withoutVersion(attachment.listed), ...resultOf(attachment, vxlanPort) }],
  );
  return {
    ...kept,
    ...(separate && resultOf(separate, vxlanPort)),
    ...(listed.length > 0 && { [annotation.attached]: writeListed(listed) }),
  };
}

/** The segment's version is always the operator's, also if it writes none. */
function withoutVersion(given: Annotations): Annotations {
  const { [annotation.segmentVersion]: _, ...kept } = given;
  return kept;
}

function resultOf(attachment: NewAttachment, vxlanPort: number): Annotations {
  const { connection, child, pool, address, gateway } = attachment;
  return {
    [annotation.connection]: connection.id,
    [annotation.pool]: pool,
    [annotation.vxlanIp]: formatPrefix(address),
    [annotation.xfrmIp]: formatAddress(child.xfrmIp.address),
    [annotation.interfaceId]: String(child.ifId),
    [annotation.localIps]: JSON.stringify(child.localSelectors.map(formatPrefix)),
    [annotation.remoteIps]: JSON.stringify(
      remoteAsSeen(child.remoteSelectors, child.nat).map(formatPrefix),
    ),
    [annotation.xfrmUnderlyingIp]: formatAddress(gateway),
    [annotation.vxlanPort]: String(vxlanPort),
    [annotation.reservedAt]: attachment.reservationId,
    [annotation.reservation]: attachment.proof,
    ...(attachment.severalGateways && { [annotation.segmentVersion]: severalGatewaysVersion }),
  };
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

function variablesOf({ attachments }: Injection): readonly Variable[] {
  const [first, ...more] = attachments.map(({ address }) => formatAddress(address.address));
  const own = { name: addressVariable, value: first ?? "" };
  if (attachments.every(({ listed }) => listed === undefined)) return [own];
  return [own, { name: addressesVariable, value: [first, ...more].join(",") }];
}

function withVariables(container: Container, variables: readonly Variable[]): Container {
  const names = new Set(variables.map(({ name }) => name));
  const others = (container.env ?? []).filter(({ name }) => !names.has(name));
  return { ...container, env: [...others, ...variables] };
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

function ordersOf({ attachments, vxlanPort }: Injection): readonly AttachOrder[] {
  return attachments.map(({ address, secrets, gateway, severalGateways, ...attachment }) => {
    const { connection, child, tunnelMtu } = attachment;
    const worker = { address, ...secrets };
    const order = { connection, child, worker, gatewayUnderlay: gateway, tunnelMtu, vxlanPort };
    return severalGateways === true ? { ...order, severalGateways } : order;
  });
}

function attachContainerOf(injection: Injection): Container {
  return {
    name: attachContainer,
    ...runs(injection.image),
    args: ["attach", "--self"],
    env: [
      { name: attachVariable, value: writeOrders(ordersOf(injection)) },
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
