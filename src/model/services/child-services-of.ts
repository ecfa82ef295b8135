import { childRefKey } from "../api/child-ref.ts";
import type { Connection } from "../api/connection.ts";
import { objectKey } from "../kubernetes/kube-object.ts";
import { formatAddress } from "../net/address.ts";
import type { Worker } from "../network/endpoint.ts";
import type { SegmentKey } from "../network/segment-key.ts";
import type {
  Backend,
  ChildServices,
  ExposedPort,
  RemotePort,
} from "../translation/child-services.ts";
import { keepEqual } from "../value/keep-equal.ts";
import { Memo, memo } from "../value/memo.ts";
import { sameItems } from "../value/same-items.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";
import { serviceClaim, type ServiceClaim, type ServiceVerdict } from "./service-claim.ts";
import type { ServiceObject } from "./service-object.ts";
import { serviceRequest, type ServiceRequest } from "./service-request.ts";

/** A Service that requests something and does not get it, or that cannot be reached nevertheless. */
export interface RefusedService {
  readonly service: ServiceObject;
  /** The connection that it names. */
  readonly connection: string;
  /** Why, for the Service's author. */
  readonly why: string;
}

/** The Services of children, and those that were refused. */
export interface JudgedServices {
  /** By the `childRefKey` of the child. */
  readonly services: ReadonlyMap<string, ChildServices>;
  readonly refused: readonly RefusedService[];
}

/** The input of {@link childServicesOf}. */
export interface ServiceSources {
  /** All of them that concern ipman. */
  readonly services: Iterable<ServiceObject>;
  /** The slices of a Service, by its `namespace/name`, in an order that lasts. */
  readonly slicesOf: (service: string) => readonly EndpointSlice[];
  readonly connections: ReadonlyMap<string, Connection>;
  readonly workers: readonly Worker[];
  readonly key: SegmentKey;
  /** The node of the gateways of a connection. */
  readonly nodeOf: (connection: Connection) => string | undefined;
}

const requestOf = memo(serviceRequest);
const verdicts = new Memo<ServiceObject, ServiceVerdict>();

/**
 * Finds the Services of children: those whose addresses and ports are valid by the declared connections
 * and the segment key. If several Services have the same port of an address or of a gateway, the oldest
 * keeps it; an address belongs to one namespace, and a worker's is not a Service's. A child's value is
 * the same object as in `before` while it is unchanged.
 */
export function childServicesOf(
  sources: ServiceSources,
  before: JudgedServices["services"],
): JudgedServices {
  const refused: RefusedService[] = [];
  const claims = new ClaimedPorts(sources.workers);
  for (const service of [...sources.services].toSorted(byAge)) {
    const request = serviceRequestOf(service);
    const connection = request && sources.connections.get(request.connection);
    if (connection === undefined) continue;
    const verdict = verdictOf(service, request as ServiceRequest, connection, sources);
    if (verdict === undefined) continue;
    const why =
      "why" in verdict ? verdict.why : (claims.admit(verdict) ?? claims.warningOf(verdict));
    if (why !== undefined) refused.push({ service, connection: connection.id, why });
  }
  const services = new Map(
    [...claims.children].map(([owner, found]) => [owner, kept(before.get(owner), found)]),
  );
  const isSame =
    services.size === before.size &&
    services.entries().every(([owner, found]) => before.get(owner) === found);
  return { services: isSame ? before : services, refused };
}

/** The valid request of a Service; the operator reports the problems of an invalid one. */
export function serviceRequestOf(service: ServiceObject): ServiceRequest | undefined {
  const request = requestOf(service);
  return request?.ok === true ? request.value : undefined;
}

/** The same value while it is unchanged, and the same ports, although their Services were read again. */
function kept(before: ChildServices | undefined, found: ChildPorts): ChildServices {
  if (before === undefined) return found;
  const exposed = keptItems(before.exposed, found.exposed, ({ address, transport, port }) =>
    [formatAddress(address), transport, port].join(" "),
  );
  const remote = keptItems(before.remote, found.remote, ({ transport, gatewayPort }) =>
    [transport, gatewayPort].join(" "),
  );
  const isSame = sameItems(before.exposed, exposed) && sameItems(before.remote, remote);
  return isSame ? before : { exposed, remote };
}

function keptItems<T>(before: readonly T[], found: readonly T[], keyOf: (item: T) => string): T[] {
  const known = new Map(before.map((item) => [keyOf(item), item]));
  return found.map((item) => keepEqual(known.get(keyOf(item)), item));
}

function verdictOf(
  service: ServiceObject,
  request: ServiceRequest,
  connection: Connection,
  { slicesOf, key, nodeOf }: ServiceSources,
): ServiceVerdict {
  const slices = slicesOf(request.service);
  const facts = { connection, slices, key, node: nodeOf(connection) };
  return verdicts.of(service, [connection, key, facts.node, ...slices], (previous) =>
    keepEqual(previous, serviceClaim(service, request, facts)),
  );
}

function byAge(a: ServiceObject, b: ServiceObject): number {
  const [left, right] = [a, b].map(({ metadata }) => [
    metadata.creationTimestamp ?? "",
    metadata.uid ?? "",
    objectKey(metadata),
  ]) as [string[], string[]];
  const at = left.findIndex((text, i) => text !== right[i]);
  if (at < 0) return 0;
  return (left[at] as string) < (right[at] as string) ? -1 : 1;
}

interface ChildPorts {
  readonly exposed: ExposedPort[];
  readonly remote: RemotePort[];
}

/** The ports of addresses and gateways, given to Services in the order of their age. */
class ClaimedPorts {
  readonly children = new Map<string, ChildPorts>();
  readonly #workers: ReadonlySet<string>;
  /** The workers' addresses on the pod network. */
  readonly #underlays: ReadonlySet<string>;
  readonly #namespaces = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(workers: readonly Worker[]) {
    this.#workers = new Set(
      workers.map((worker) => `${childRefKey(worker)} ${formatAddress(worker.address.address)}`),
    );
    this.#underlays = new Set(
      workers.flatMap((worker) =>
        [worker.underlay, worker.alternate].flatMap((address) =>
          address === undefined ? [] : [`${childRefKey(worker)} ${formatAddress(address)}`],
        ),
      ),
    );
  }

  /** Why none of the endpoints of an admitted Service can be reached; undefined if one can. */
  warningOf({ owner, address: { family }, exposed }: ServiceClaim): string | undefined {
    const endpoints = exposed.flatMap(({ backends }) => backends);
    const isReachable = ({ address }: Backend) =>
      address.family === family || this.#underlays.has(`${owner} ${formatAddress(address)}`);
    if (endpoints.length === 0 || endpoints.some(isReachable)) return undefined;
    return `its endpoints have no IPv${family} addresses, and the gateway of its child forwards by IPv${family}: list IPv${family} in spec.ipFamilies, or name a child of their family`;
  }

  /** Gives a Service its ports, or returns why it cannot have them; it has all of them or none. */
  admit({ owner, namespace, address, exposed, remote }: ServiceClaim): string | undefined {
    const text = formatAddress(address);
    const place = `${owner} ${text}`;
    if (this.#workers.has(place)) return `${text} is a pod's address`;
    // The author must not find out whose it is.
    if ((this.#namespaces.get(place) ?? namespace) !== namespace)
      return `${text} is taken by an older Service of another namespace`;
    const ports = [
      ...exposed.map(({ transport, port }) => `${text} ${transport} ${port}`),
      ...remote.map(({ transport, gatewayPort }) => `gateway ${transport} ${gatewayPort}`),
    ];
    const taken = ports.find(
      (port, i) => this.#taken.has(`${owner} ${port}`) || ports.indexOf(port) !== i,
    );
    if (taken !== undefined) return `port ${taken} is taken by an older Service`;
    this.#namespaces.set(place, namespace);
    for (const port of ports) this.#taken.add(`${owner} ${port}`);
    const child = this.children.get(owner) ?? { exposed: [], remote: [] };
    this.children.set(owner, child);
    child.exposed.push(...exposed);
    child.remote.push(...remote);
    return undefined;
  }
}
