import { mayUse, unavailable } from "../api/availability.ts";
import { childRefKey } from "../api/child-ref.ts";
import { findChild, type Child, type Connection } from "../api/connection.ts";
import { isServiceProof, type ServiceIdentity } from "../addresses/service-proof.ts";
import { annotation } from "../kubernetes/labels.ts";
import { formatAddress, parseAddress, type Address } from "../net/address.ts";
import type { SegmentKey } from "../network/segment-key.ts";
import type { ExposedPort, RemotePort } from "../translation/child-services.ts";
import { backendsOf } from "./backends-of.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";
import { gatewayPortRange, isGatewayPort } from "./gateway-ports.ts";
import { requestProblem } from "./request-problem.ts";
import type { ServiceObject } from "./service-object.ts";
import type { ExposedRequest, RemoteRequest, ServiceRequest } from "./service-request.ts";

/** Everything that decides about a Service beside other Services. */
export interface ServiceFacts {
  readonly connection: Connection;
  /** The slices of the Service. */
  readonly slices: readonly EndpointSlice[];
  readonly key: SegmentKey;
  /** The node of the gateway. */
  readonly node: string | undefined;
}

/** The ports that a Service may have, unless an older one has them. */
export interface ServiceClaim {
  /** The `childRefKey` of its child. */
  readonly owner: string;
  readonly namespace: string;
  /** The address that the partner sees. */
  readonly address: Address;
  readonly exposed: readonly ExposedPort[];
  readonly remote: readonly RemotePort[];
}

/** A claim, or why there is none; undefined while the operator has not assigned an address. */
export type ServiceVerdict = ServiceClaim | { readonly why: string } | undefined;

/** Judges the request of a Service by the declared connection, the segment key and its slices. */
export function serviceClaim(
  service: ServiceObject,
  request: ServiceRequest,
  facts: ServiceFacts,
): ServiceVerdict {
  const { connection, slices } = facts;
  // The operator reports why a Service has no address.
  const isAssigned =
    request.kind === "exposed"
      ? assignedText(service) !== undefined
      : slices.some(({ isOwn }) => isOwn);
  if (!isAssigned) return undefined;
  const child = findChild(connection, request.child);
  // Without allowedNamespaces, the operator decided when it assigned the address.
  const isAllowed = mayUse(connection, request.namespace, { requireAllowedNamespaces: false });
  if (child === undefined || !isAllowed) return { why: unavailable(request, request.namespace) };
  return request.kind === "exposed"
    ? exposedClaim(service, { request, child, facts })
    : remoteClaim(service, { request, child, facts });
}

interface NamedRequest<Request extends ServiceRequest> {
  readonly request: Request;
  readonly child: Child;
  readonly facts: ServiceFacts;
}

function exposedClaim(
  service: ServiceObject,
  { request, child, facts }: NamedRequest<ExposedRequest>,
): ServiceVerdict {
  const text = assignedText(service) ?? "";
  const address = parseAddress(text);
  if (address === undefined)
    return { why: `status.loadBalancer.ingress[0].ip "${text}" is not an address` };
  const problem = requestProblem(request, child, address);
  if (problem !== undefined) return { why: problem.message };
  const { affinity, isLocal } = request;
  // A gateway without a known node has no endpoints of its own node.
  const node = isLocal ? (facts.node ?? "") : undefined;
  const exposed = request.ports.map((port): ExposedPort => {
    const backends = backendsOf(facts.slices, port, node);
    const { transport, port: number } = port;
    return { service: request.service, address, transport, port: number, affinity, backends };
  });
  return { ...claimed(request, child, facts), address, exposed, remote: [] };
}

function remoteClaim(
  { metadata: { name, namespace = "default", uid = "" } }: ServiceObject,
  { request, child, facts }: NamedRequest<RemoteRequest>,
): ServiceVerdict {
  const own = facts.slices.filter(
    (slice) => slice.isOwn && slice.owner === uid && isFor(slice, request, child),
  );
  const [first] = own;
  // The operator writes the slice, also after a change of the annotations and for a later Service.
  if (first === undefined) return undefined;
  const text = first.metadata.annotations?.[annotation.source] ?? "";
  const source = parseAddress(text);
  if (source === undefined)
    return { why: `the EndpointSlice's source "${text}" is not an address` };
  const unproven = own.some(
    (slice) => !isProven(slice, { namespace, name, uid }, source, { request, child, facts }),
  );
  if (unproven)
    return {
      why: `${annotation.reservation} of its EndpointSlice does not prove that ipman gave this Service ${text} and the ports of the slice: delete the EndpointSlice, and ipman writes it again`,
    };
  const problem = requestProblem(request, child, source);
  if (problem !== undefined) return { why: problem.message };
  const remote: RemotePort[] = [];
  for (const port of request.ports) {
    const gatewayPort = gatewayPortOf(own, port);
    // A port that was added to the Service a moment ago.
    if (gatewayPort === undefined) continue;
    if (!isGatewayPort(gatewayPort)) {
      const { first: least, last: most } = gatewayPortRange;
      return {
        why: `port ${String(gatewayPort)} of its EndpointSlice is not in ${least} to ${most}`,
      };
    }
    const backends = request.hosts.map((address) => ({ address, port: port.hostPort }));
    const { service } = request;
    remote.push({ service, transport: port.transport, gatewayPort, source, backends });
  }
  return { ...claimed(request, child, facts), address: source, exposed: [], remote };
}

function assignedText({ status }: ServiceObject): string | undefined {
  return status?.loadBalancer?.ingress?.[0]?.ip;
}

function claimed({ namespace }: ServiceRequest, { key }: Child, { connection }: ServiceFacts) {
  return { owner: childRefKey({ connection: connection.id, child: key }), namespace };
}

/** Whether the operator wrote a slice for the present annotations of its Service. */
function isFor(
  { metadata: { annotations = {} } }: EndpointSlice,
  { connection, pool }: RemoteRequest,
  child: Child,
): boolean {
  return (
    annotations[annotation.connection] === connection &&
    annotations[annotation.child] === child.key &&
    annotations[annotation.pool] === pool
  );
}

function isProven(
  { metadata: { annotations = {} }, ports }: EndpointSlice,
  identity: ServiceIdentity,
  address: Address,
  { request: { connection, pool }, child, facts }: NamedRequest<RemoteRequest>,
): boolean {
  const { [annotation.source]: source = "", [annotation.reservation]: proof = "" } = annotations;
  const place = { connection, child: child.key, pool, address, ports };
  return source === formatAddress(address) && isServiceProof(proof, facts.key, identity, place);
}

function gatewayPortOf(
  slices: readonly EndpointSlice[],
  { name, transport }: RemoteRequest["ports"][number],
): number | undefined {
  const ports = slices.flatMap((slice) => slice.ports);
  return ports.find((port) => port.name === name && port.transport === transport)?.port;
}
