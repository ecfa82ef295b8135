import { serviceProof } from "../addresses/service-proof.ts";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { annotation, label } from "../kubernetes/labels.ts";
import { parseAddress, type Address } from "../net/address.ts";
import type { SegmentKey } from "../network/segment-key.ts";
import { ownSliceLabels } from "./endpoint-slice.ts";
import { tunnelClass } from "./service-object.ts";

/** The child that the Services of tests name. */
export interface NamedChild {
  readonly connection: string;
  readonly child: string;
  readonly pool: string;
}

function named({ connection, child, pool }: NamedChild): Record<string, string> {
  const { connection: ofConnection, child: ofChild, pool: ofPool } = annotation;
  return { [ofConnection]: connection, [ofChild]: child, [ofPool]: pool };
}

/** A Service of `namespace/name` with the given spec; it is as old as `created` says. */
function serviceObject(key: string, created: string, fields: object, annotations: object) {
  const [namespace = "", name = ""] = key.split("/");
  const age = { uid: `uid-${key}`, creationTimestamp: `2026-01-02T03:04:${created}Z` };
  const metadata = { name, namespace, ...age, annotations };
  return { apiVersion: "v1", kind: "Service", metadata, ...fields } as KubeObject;
}

/** A Service that the partner reaches by TCP at port 443 of an address. */
export function exposedService(
  key: string,
  child: NamedChild,
  ip: string | undefined,
  changes: {
    readonly created?: string;
    readonly spec?: object;
    readonly annotations?: object;
  } = {},
): KubeObject {
  const ports = [{ name: "https", port: 443, targetPort: "web" }];
  const spec = { type: "LoadBalancer", loadBalancerClass: tunnelClass, ports, ...changes.spec };
  const status = ip === undefined ? {} : { loadBalancer: { ingress: [{ ip, ipMode: "VIP" }] } };
  const annotations = { ...named(child), ...changes.annotations };
  return serviceObject(key, changes.created ?? "05", { spec, status }, annotations);
}

/** A Service that leads to port 5432 of the partner's hosts. */
export function remoteService(key: string, child: NamedChild, hosts: string): KubeObject {
  const spec = { ports: [{ name: "sql", port: 5432 }] };
  return serviceObject(key, "05", { spec }, { ...named(child), [annotation.remote]: hosts });
}

/** An endpoint of a slice, ready by default. */
export interface TestEndpoint {
  readonly address: string;
  readonly conditions?: object;
  readonly nodeName?: string;
}

/** A slice of a Service's endpoints, which serve at port 8443 under the name `https`. */
export function sliceObject(
  service: string,
  name: string,
  endpoints: readonly TestEndpoint[],
  ports: readonly object[] = [{ name: "https", protocol: "TCP", port: 8443 }],
): KubeObject {
  const [namespace = "", serviceName = ""] = service.split("/");
  const metadata = { name, namespace, labels: { [label.serviceName]: serviceName } };
  const listed = endpoints.map(({ address, ...others }) => ({ addresses: [address], ...others }));
  const fields = { addressType: "IPv4", endpoints: listed, ports };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata,
    ...fields,
  } as KubeObject;
}

/** The slice that the operator writes for a remote Service. */
export function remoteSlice(
  service: string,
  child: NamedChild,
  key: SegmentKey,
  facts: { readonly source: string; readonly port: number; readonly uid?: string },
): KubeObject {
  const { source, port, uid = `uid-${service}` } = facts;
  const slice = sliceObject(
    service,
    `${service.split("/")[1]}-ipman`,
    [{ address: "10.244.0.9" }],
    [{ name: "sql", protocol: "TCP", port }],
  );
  const [namespace = "", name = ""] = service.split("/");
  const address = parseAddress(source) as Address;
  const ports = [{ name: "sql", transport: "tcp", port }];
  const identity = { namespace, name, uid };
  const reservation = serviceProof(key, identity, { ...child, address, ports });
  const annotations = {
    ...named(child),
    [annotation.source]: source,
    [annotation.reservation]: reservation,
  };
  const labels = { ...slice.metadata.labels, ...ownSliceLabels };
  const ownerReferences = [{ apiVersion: "v1", kind: "Service", name, uid }];
  return { ...slice, metadata: { ...slice.metadata, labels, annotations, ownerReferences } };
}
