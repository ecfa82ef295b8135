import { digestOf, nameFor, nameParts, type Group } from "../api/group.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import type { DeploymentSettings } from "../kubernetes/deployments.ts";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { annotation, groupLabels, label } from "../kubernetes/labels.ts";

/** The part of a Service that ipman reads. */
export interface FrontendService extends KubeObject {
  readonly spec?: { readonly type?: string; readonly clusterIP?: string };
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
    };
  };
}

/** The name of the Service in front of a group's charon. */
export function frontendName(group: Group): string {
  return nameFor("charon-frontend", ...nameParts(group));
}

/** The Service in front of a group's charon; undefined if the group declares none. */
export function frontendService(
  group: Group,
  { namespace, owner }: Pick<DeploymentSettings, "namespace" | "owner">,
): KubeObject | undefined {
  const { frontend } = group;
  if (frontend === undefined) return undefined;
  const { type, annotations, loadBalancerIp, trafficPolicy } = frontend;
  const spec = {
    type,
    selector: { [label.type]: "charon", [label.groupId]: digestOf([group.id]) },
    ports: [udpPort("ike", 500), udpPort("nat-t", 4500)],
    // The API server refuses a policy for the type ClusterIP.
    ...(type !== "ClusterIP" && { externalTrafficPolicy: trafficPolicy }),
    ...(type === "LoadBalancer" &&
      loadBalancerIp !== undefined && { loadBalancerIP: loadBalancerIp }),
  };
  const labels = groupLabels(group, "frontend");
  const digest = digestOf([JSON.stringify([spec, labels, annotations])]);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: frontendName(group),
      namespace,
      labels,
      annotations: { ...annotations, [annotation.digest]: digest },
      ...(owner !== undefined && { ownerReferences: [owner] }),
    },
    spec,
  } as KubeObject;
}

function udpPort(name: string, port: number) {
  return { name, protocol: "UDP", port, targetPort: port };
}

/**
 * The address at which peers reach a Service, by its type: the load balancer's, or the cluster's.
 * Undefined until it has one.
 */
export function frontendAddress({ spec, status }: FrontendService): string | undefined {
  if (spec?.type === "LoadBalancer") {
    const [ingress] = status?.loadBalancer?.ingress ?? [];
    return ingress?.ip || ingress?.hostname || undefined;
  }
  // A Service without an address of the cluster has "None".
  const address = parseAddress(spec?.clusterIP ?? "");
  return address && formatAddress(address);
}

/** The status of a CharonGroup about its frontend. */
export interface FrontendStatus {
  readonly frontendServiceName?: string;
  readonly frontendAddress?: string;
}

/**
 * The status by the Service that exists. A value that the status has and should not have becomes
 * empty: if another program wrote it, leaving it out would not remove it.
 */
export function frontendStatus(
  service: FrontendService | undefined,
  before: FrontendStatus | undefined,
): FrontendStatus {
  const values: Readonly<Record<keyof FrontendStatus, string | undefined>> = {
    frontendServiceName: service?.metadata.name,
    frontendAddress: service && frontendAddress(service),
  };
  const fields = ["frontendServiceName", "frontendAddress"] as const;
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = values[field] ?? (before?.[field] === undefined ? undefined : "");
      return value === undefined ? [] : [[field, value]];
    }),
  );
}
