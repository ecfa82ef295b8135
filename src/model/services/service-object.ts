import { apiGroup } from "../api/schema/api-group.ts";
import { metaWith, type KubeObject } from "../kubernetes/kube-object.ts";
import { annotation } from "../kubernetes/labels.ts";

/** The class of load balancer by which a Service requests an address of a child. */
export const tunnelClass = "ipman.dialo.ai/tunnel";

/** A port of a Service. */
export interface ServicePortSpec {
  readonly name?: string;
  /** TCP by default. */
  readonly protocol?: string;
  readonly port: number;
  /** The same as `port` by default. */
  readonly targetPort?: number | string;
}

/** The part of a Service that ipman reads. */
export interface ServiceObject extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly loadBalancerClass?: string;
    readonly clusterIP?: string;
    /** The families of its cluster IPs, which the API server fills in. */
    readonly ipFamilies?: readonly string[] | null;
    readonly selector?: Readonly<Record<string, string>> | null;
    readonly ports?: readonly ServicePortSpec[] | null;
    readonly externalTrafficPolicy?: string;
    readonly sessionAffinity?: string;
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] | null };
    readonly conditions?: readonly unknown[] | null;
  };
}

/** The kinds of Services that concern ipman. */
export type ServiceKind = "exposed" | "remote";

/** The kind of a Service; undefined for one that requests nothing of ipman. */
export function serviceKindOf({ metadata, spec }: ServiceObject): ServiceKind | undefined {
  if (metadata.annotations?.[annotation.remote] !== undefined) return "remote";
  const isTunnel = spec?.type === "LoadBalancer" && spec.loadBalancerClass === tunnelClass;
  return isTunnel ? "exposed" : undefined;
}

/** Reduces a Service to the part that ipman reads; one that requests nothing of it keeps its name alone. */
export function trimmedService(object: KubeObject): ServiceObject {
  const { metadata, spec, status } = object as ServiceObject;
  const kind = { apiVersion: "v1", kind: "Service" };
  if (serviceKindOf(object as ServiceObject) === undefined)
    return { ...kind, metadata: metaWith(metadata, "namespace") };
  const { type, loadBalancerClass, clusterIP, ipFamilies, selector, ports } = spec ?? {};
  const { externalTrafficPolicy, sessionAffinity } = spec ?? {};
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(ownKeys));
  return {
    ...kind,
    metadata: {
      ...metaWith(metadata, "namespace", "uid", "resourceVersion"),
      ...metaWith(metadata, "creationTimestamp", "deletionTimestamp"),
      annotations: Object.fromEntries(own),
    },
    spec: {
      ...(type !== undefined && { type }),
      ...(loadBalancerClass !== undefined && { loadBalancerClass }),
      ...(clusterIP !== undefined && { clusterIP }),
      ...(ipFamilies && { ipFamilies }),
      ...(selector && { selector }),
      ...(ports && { ports }),
      ...(externalTrafficPolicy !== undefined && { externalTrafficPolicy }),
      ...(sessionAffinity !== undefined && { sessionAffinity }),
    },
    ...(status && { status }),
  };
}

const ownKeys = `${apiGroup}/`;
