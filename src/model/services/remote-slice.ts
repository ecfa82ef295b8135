import { digestOf } from "../api/group.ts";
import type { Child } from "../api/connection.ts";
import { isServiceProof, serviceProof } from "../addresses/service-proof.ts";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { annotation, label } from "../kubernetes/labels.ts";
import { formatAddress, parseAddress, type Address } from "../net/address.ts";
import type { SegmentKey } from "../network/segment-key.ts";
import type { Transport } from "../translation/child-services.ts";
import { ownSliceLabels, trimmedSlice } from "./endpoint-slice.ts";
import { memo } from "../value/memo.ts";
import { servicePortKey } from "./gateway-ports.ts";
import { mostPorts, type RemoteRequest } from "./service-request.ts";

/** The facts that the EndpointSlice of a remote Service is made from. */
export interface RemoteSliceFacts {
  readonly request: RemoteRequest;
  readonly uid: string;
  readonly child: Child;
  /** The address that the partner sees. */
  readonly source: Address;
  /** The active gateway, by its pod address of the child's family; undefined until it runs. */
  readonly gateway: Address | undefined;
  /** Whether the child carries traffic. */
  readonly isReady: boolean;
  /** By {@link servicePortKey}. */
  readonly ports: ReadonlyMap<string, number>;
}

/** Selects the EndpointSlices of remote Services. */
export const remoteSlices = Object.entries(ownSliceLabels)
  .map(([name, value]) => `${name}=${value}`)
  .join(",");

/** The EndpointSlice by which kube-proxy sends a remote Service's connections to the gateway. */
export function remoteSlice(facts: RemoteSliceFacts, key: SegmentKey): KubeObject {
  const { request, uid, child, source, gateway, isReady, ports } = facts;
  const { service, namespace, connection, pool } = request;
  const serviceName = service.slice(namespace.length + 1);
  const { family } = child.xfrmIp.address;
  const digest = digestOf([service, connection, child.key, String(family)]);
  const shown = request.ports.flatMap((port) => {
    const gatewayPort = ports.get(servicePortKey(service, port));
    if (gatewayPort === undefined) return [];
    return [{ name: port.name, transport: port.transport, port: gatewayPort }];
  });
  const proven = { connection, child: child.key, pool, address: source, ports: shown };
  const conditions = { ready: isReady, serving: isReady };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${serviceName}-${digest}`,
      namespace,
      labels: {
        [label.serviceName]: serviceName,
        ...ownSliceLabels,
      },
      annotations: {
        [annotation.connection]: connection,
        [annotation.child]: child.key,
        [annotation.pool]: pool,
        [annotation.source]: formatAddress(source),
        [annotation.reservation]: serviceProof(key, { namespace, name: serviceName, uid }, proven),
      },
      ownerReferences: [{ apiVersion: "v1", kind: "Service", name: serviceName, uid }],
    },
    addressType: `IPv${family}`,
    endpoints: gateway === undefined ? [] : [{ addresses: [formatAddress(gateway)], conditions }],
    ports: shown.map(({ name, transport, port }) => {
      return { name, protocol: transport.toUpperCase(), port };
    }),
  };
  return slice;
}

/** The claims of a slice at the API server, as far as they can be read. */
export interface KnownSlice {
  /** `namespace/name`. */
  readonly service: string;
  readonly connection: string;
  readonly child: string;
  readonly source: string;
  /** By {@link servicePortKey}. */
  readonly ports: ReadonlyMap<string, number>;
}

/** Reads a slice back. Others may have changed it. */
export const knownSlice = memo(readSlice);

function readSlice(slice: KubeObject): KnownSlice {
  const { namespace = "default", labels = {}, annotations = {} } = slice.metadata;
  const service = `${namespace}/${labels[label.serviceName] ?? ""}`;
  const { ports } = slice as { readonly ports?: unknown };
  const listed: readonly unknown[] = Array.isArray(ports) ? ports.slice(0, mostPorts) : [];
  return {
    service,
    connection: annotations[annotation.connection] ?? "",
    child: annotations[annotation.child] ?? "",
    source: annotations[annotation.source] ?? "",
    ports: new Map(listed.flatMap((port) => portOf(service, port))),
  };
}

/** Whether a slice proves that the operator wrote its source and its ports for its Service. */
export function isProvenSlice(slice: KubeObject, key: SegmentKey): boolean {
  const { metadata, service = "", owner = "", ports } = trimmedSlice(slice);
  const { namespace = "", annotations = {} } = metadata;
  const address = parseAddress(annotations[annotation.source] ?? "");
  if (address === undefined) return false;
  const identity = { namespace, name: service.slice(namespace.length + 1), uid: owner };
  const { [annotation.reservation]: proof = "", [annotation.pool]: pool = "" } = annotations;
  const { connection, child } = knownSlice(slice);
  return isServiceProof(proof, key, identity, { connection, child, pool, address, ports });
}

function portOf(service: string, entry: unknown): [string, number][] {
  if (typeof entry !== "object" || entry === null) return [];
  const { name = "", protocol = "TCP", port } = entry as Readonly<Record<string, unknown>>;
  const transport = transports.find((one) => one.toUpperCase() === protocol);
  if (typeof name !== "string" || transport === undefined || typeof port !== "number") return [];
  return [[servicePortKey(service, { name, transport }), port]];
}

const transports: readonly Transport[] = ["tcp", "udp", "sctp"];
