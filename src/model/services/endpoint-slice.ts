import { apiGroup } from "../api/schema/api-group.ts";
import type { KubeMeta, KubeObject } from "../kubernetes/kube-object.ts";
import { annotation, label } from "../kubernetes/labels.ts";
import { parseAddress, type Address } from "../net/address.ts";
import type { Transport } from "../translation/child-services.ts";
import { mostPorts, transportOf } from "./service-request.ts";

/**
 * The labels of EndpointSlices that ipman's operator maintains. It selects them by these and deletes those
 * that it did not write, so agents read no others.
 */
export const ownSliceLabels = { [label.sliceManager]: apiGroup, [label.type]: "remote" } as const;

/** The API allows no more in one slice. */
const mostEndpoints = 1_000;

/** An endpoint of a Service. */
export interface SliceEndpoint {
  readonly address: Address;
  /** Whether it accepts new connections. */
  readonly ready: boolean;
  /** Whether it is about to end and still accepts connections. */
  readonly lingers: boolean;
  /** Undefined if the slice has none. */
  readonly node: string | undefined;
}

/** A port that all endpoints of a slice have. */
export interface SlicePort {
  /** The name of the Service's port; empty if it has none. */
  readonly name: string;
  readonly transport: Transport;
  readonly port: number;
}

/** The part of an EndpointSlice that ipman reads, checked. */
export interface EndpointSlice extends KubeObject {
  /** `namespace/name`; undefined for a slice without a Service. */
  readonly service: string | undefined;
  /** Whether ipman's operator maintains it. */
  readonly isOwn: boolean;
  /** On a slice of ipman's: the uid of the Service that it was written for, if it has one. */
  readonly owner?: string | undefined;
  readonly endpoints: readonly SliceEndpoint[];
  readonly ports: readonly SlicePort[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads an EndpointSlice. Endpoints and ports that are malformed are left out. */
export function trimmedSlice(object: KubeObject): EndpointSlice {
  const { metadata } = object;
  const { name, namespace = "default", uid, resourceVersion, annotations, labels } = metadata;
  const isOwn = Object.entries(ownSliceLabels).every(([key, value]) => labels?.[key] === value);
  const serviceName = labels?.[label.serviceName];
  const fields = object as unknown as Fields;
  const kept: KubeMeta = {
    name,
    namespace,
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(isOwn && { annotations: ownAnnotations(annotations) }),
  };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: kept,
    service: serviceName === undefined ? undefined : `${namespace}/${serviceName}`,
    isOwn,
    ...(isOwn && { owner: metadata.ownerReferences?.[0]?.uid }),
    // The endpoint of one of ipman's slices is the gateway itself.
    endpoints: isOwn ? [] : listIn(fields["endpoints"], mostEndpoints).flatMap(endpointIn),
    ports: listIn(fields["ports"], mostPorts).flatMap(portIn),
  };
}

const readAnnotations = [
  annotation.connection,
  annotation.child,
  annotation.pool,
  annotation.source,
  annotation.reservation,
];

function ownAnnotations(annotations: KubeMeta["annotations"] = {}): Record<string, string> {
  const own = readAnnotations.map((key) => [key, annotations[key]]);
  return Object.fromEntries(own.filter(([, value]) => typeof value === "string"));
}

/** The conditions mean what kube-proxy takes them for: an endpoint without them is ready. */
function endpointIn({ addresses, conditions, nodeName }: Fields): SliceEndpoint[] {
  // Further addresses are names of the same endpoint.
  const [text] = Array.isArray(addresses) ? (addresses as unknown[]) : [];
  const address = typeof text === "string" ? parseAddress(text) : undefined;
  if (address === undefined) return [];
  const { ready, serving, terminating } = isFields(conditions) ? conditions : {};
  return [
    {
      address,
      ready: ready !== false,
      lingers: serving !== false && terminating === true,
      node: typeof nodeName === "string" ? nodeName : undefined,
    },
  ];
}

function portIn({ name, protocol, port }: Fields): SlicePort[] {
  const transport = transportOf(typeof protocol === "string" ? protocol : "TCP");
  if (transport === undefined || !isPort(port)) return [];
  return [{ name: typeof name === "string" ? name : "", transport, port }];
}

function isPort(port: unknown): port is number {
  return typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536;
}

function listIn(list: unknown, most: number): Fields[] {
  return Array.isArray(list) ? (list as unknown[]).slice(0, most).filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
