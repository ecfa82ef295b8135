import type { CharonGroupSpec } from "./schema/charon-group.ts";

/** The Service in front of a group's charon, by which peers reach it. */
export interface Frontend {
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer";
  readonly annotations: Readonly<Record<string, string>>;
  /** The address that the load balancer is asked for; undefined if the cloud chooses one. */
  readonly loadBalancerIp: string | undefined;
  /** `Local` keeps the peer's address, by which charon finds the connection. */
  readonly trafficPolicy: "Local" | "Cluster";
}

/** The frontend that a CharonGroup declares. An empty field means the default, as an absent one does. */
export function frontendFromSpec(spec: CharonGroupSpec): Frontend | undefined {
  const { frontendServiceType: type, frontendServiceAnnotations: annotations = {} } = spec;
  if (type === undefined || type === "") return undefined;
  return {
    type,
    annotations,
    loadBalancerIp: spec.frontendLoadBalancerIP || undefined,
    trafficPolicy: spec.frontendExternalTrafficPolicy || "Local",
  };
}
