import { labelValueProblem } from "../api/names.ts";
import type { Problem, Result } from "../api/result.ts";
import { objectKey } from "../kubernetes/kube-object.ts";
import { annotation } from "../kubernetes/labels.ts";
import { formatAddress, parseAddress, type Address, type Family } from "../net/address.ts";
import type { Transport } from "../translation/child-services.ts";
import {
  serviceKindOf,
  tunnelClass,
  type ServiceObject,
  type ServicePortSpec,
} from "./service-object.ts";

/** A port that a Service requests. */
export interface RequestedPort {
  /** The name by which EndpointSlices refer to it; empty if it has none. */
  readonly name: string;
  readonly transport: Transport;
  readonly port: number;
}

/** The part of a request that both kinds have. */
interface AnyServiceRequest {
  /** `namespace/name`. */
  readonly service: string;
  readonly namespace: string;
  readonly connection: string;
  readonly child: string;
  readonly pool: string;
  /** The requested address; undefined for any of the pool. */
  readonly address: Address | undefined;
}

/** A Service that the partner reaches at an address of the child. */
export interface ExposedRequest extends AnyServiceRequest {
  readonly kind: "exposed";
  readonly ports: readonly RequestedPort[];
  /** Whether all connections of one client go to the same endpoint. */
  readonly affinity: boolean;
  /** Whether only endpoints on the gateway's node count. */
  readonly isLocal: boolean;
}

/** A Service by which pods reach hosts of the partner. */
export interface RemoteRequest extends AnyServiceRequest {
  readonly kind: "remote";
  /** The families of its cluster IPs; empty if they are not known. */
  readonly families: readonly Family[];
  /** The partner's hosts, at least one. */
  readonly hosts: readonly Address[];
  readonly ports: readonly (RequestedPort & {
    /** The port of the partner's hosts. */
    readonly hostPort: number;
  })[];
}

export type ServiceRequest = ExposedRequest | RemoteRequest;

/** The most hosts of a remote Service. */
const mostHosts = 32;

/** The most ports of a Service, each of which is a chain of rules, and of an EndpointSlice that is read. */
export const mostPorts = 100;

const transports: ReadonlyMap<string, Transport> = new Map([
  ["TCP", "tcp"],
  ["UDP", "udp"],
  ["SCTP", "sctp"],
]);

/** The transport of a port's protocol, as the API names it; undefined for any other. */
export function transportOf(protocol: string): Transport | undefined {
  return transports.get(protocol);
}

/**
 * Reads the request of a Service, or every problem of it; undefined for a Service without one. A Service
 * that is being deleted requests nothing, however long a finalizer keeps it: its address may be another's.
 */
export function serviceRequest(service: ServiceObject): Result<ServiceRequest> | undefined {
  const kind = serviceKindOf(service);
  if (kind === undefined || service.metadata.deletionTimestamp !== undefined) return undefined;
  const problems: Problem[] = [];
  const report = (path: string, message: string) => void problems.push({ path, message });
  const common = commonOf(service, report);
  const ports = portsOf(service, report);
  if (kind === "exposed") {
    const { sessionAffinity, externalTrafficPolicy } = service.spec ?? {};
    const affinity = sessionAffinity === "ClientIP";
    const isLocal = externalTrafficPolicy === "Local";
    if (problems.length > 0) return { ok: false, problems };
    return { ok: true, value: { kind, ...common, ports: ports.map(requested), affinity, isLocal } };
  }
  reportForm(service, report);
  const hosts = hostsOf(service, report);
  const withHosts = ports.map((port) => ({ ...requested(port), hostPort: hostPort(port, report) }));
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: { kind, ...common, families: familiesOf(service), hosts, ports: withHosts },
  };
}

type Report = (path: string, message: string) => void;

const annotationPath = (key: string) => `metadata.annotations.${key}`;

function commonOf({ metadata }: ServiceObject, report: Report): AnyServiceRequest {
  const { annotations = {}, namespace = "default" } = metadata;
  const text = (key: string) => {
    const value = annotations[key] ?? "";
    const problem = value === "" ? "is missing: name it" : labelValueProblem(value);
    if (problem !== undefined) report(annotationPath(key), problem);
    return value;
  };
  const connection = text(annotation.connection);
  const child = text(annotation.child);
  const pool = text(annotation.pool);
  const { [annotation.address]: wanted } = annotations;
  const address = wanted === undefined ? undefined : parseAddress(wanted.trim());
  if (wanted !== undefined && address === undefined)
    report(annotationPath(annotation.address), `"${wanted}" is not an address`);
  return {
    service: objectKey({ ...metadata, namespace }),
    namespace,
    connection,
    child,
    pool,
    address,
  };
}

function portsOf({ spec }: ServiceObject, report: Report): readonly ServicePortSpec[] {
  const ports = spec?.ports ?? [];
  if (ports.length === 0) report("spec.ports", "is empty: list the ports");
  if (ports.length > mostPorts)
    report(
      "spec.ports",
      `has more than ${mostPorts} ports: divide them among Services, which may share an address by ${annotation.address}`,
    );
  for (const [i, { protocol = "TCP" }] of ports.slice(0, mostPorts).entries())
    if (transportOf(protocol) === undefined)
      report(`spec.ports[${i}].protocol`, `"${protocol}" is not TCP, UDP or SCTP`);
  return ports.slice(0, mostPorts);
}

function requested({ name = "", protocol = "TCP", port }: ServicePortSpec): RequestedPort {
  return { name, transport: transportOf(protocol) ?? "tcp", port };
}

function hostPort({ port, targetPort = port, name = "" }: ServicePortSpec, report: Report): number {
  if (typeof targetPort === "number") return targetPort;
  report(
    "spec.ports",
    `targetPort "${targetPort}" of port "${name || port}" is a name: use the number of the partner's port`,
  );
  return port;
}

/** Refuses the forms of Services by which no gateway can be reached. */
function reportForm({ spec = {} }: ServiceObject, report: Report): void {
  const { type = "ClusterIP", clusterIP, selector, loadBalancerClass } = spec;
  if (type === "ExternalName")
    report("spec.type", `ExternalName has no endpoints: use ClusterIP with ${annotation.remote}`);
  if (clusterIP === "None")
    report(
      "spec.clusterIP",
      "a headless Service has no port translation, which leads to the gateway's port: leave clusterIP out",
    );
  if (Object.keys(selector ?? {}).length > 0)
    report("spec.selector", "selects pods, and the endpoint is the gateway: remove the selector");
  if (loadBalancerClass === tunnelClass)
    report(
      "spec.loadBalancerClass",
      `${tunnelClass} shows pods to the partner: use a Service of its own for ${annotation.remote}`,
    );
}

function familiesOf({ spec }: ServiceObject): Family[] {
  const { ipFamilies } = spec ?? {};
  const listed: readonly string[] = Array.isArray(ipFamilies) ? ipFamilies : [];
  return ([4, 6] as const).filter((family) => listed.includes(`IPv${family}`));
}

function hostsOf({ metadata }: ServiceObject, report: Report): Address[] {
  const path = annotationPath(annotation.remote);
  const texts = (metadata.annotations?.[annotation.remote] ?? "").split(",");
  if (texts.length > mostHosts) report(path, `has more than ${mostHosts} addresses`);
  const hosts = texts.slice(0, mostHosts).flatMap((text) => {
    const address = parseAddress(text.trim());
    if (address === undefined)
      report(path, `"${text.trim()}" is not an address, such as 10.0.1.7 or 10.0.1.7, 10.0.1.8`);
    return address === undefined ? [] : [address];
  });
  const families = new Set(hosts.map(({ family }) => family));
  if (families.size > 1) report(path, "has addresses of both families: use one Service for each");
  return [...new Map(hosts.map((host) => [formatAddress(host), host])).values()];
}
