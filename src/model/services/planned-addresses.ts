import type { Allocation } from "../addresses/allocation.ts";
import {
  mostServices,
  type ServiceAddresses,
  type ServiceOwner,
} from "../addresses/connection-reservations.ts";
import type { Child } from "../api/connection.ts";
import { annotation } from "../kubernetes/labels.ts";
import { formatAddress, parseAddress, sameAddress, type Address } from "../net/address.ts";
import { requestProblem } from "./request-problem.ts";
import { serviceProblem, type ServiceProblem } from "./service-reason.ts";
import type { ServiceRequest } from "./service-request.ts";

/** A valid request of a Service that may use the child that it names. */
export interface AddressCandidate {
  readonly request: ServiceRequest;
  readonly uid: string;
  readonly child: Child;
  /** The address that the Service shows, which it gets again if the address is free. */
  readonly previous: Address | undefined;
}

/** The address of a Service, or why it has none. */
export type AddressVerdict = { readonly ok: true; readonly address: Address } | ServiceProblem;

/** The addresses of a connection's Services, as they should be stored. */
export interface PlannedAddresses {
  readonly services: ServiceAddresses;
  /** By `namespace/name`. */
  readonly verdicts: ReadonlyMap<string, AddressVerdict>;
}

/**
 * Plans the addresses of a connection's Services. A Service keeps its address while its request
 * permits; an address without such a Service is free.
 *
 * @param before the addresses that are stored
 * @param allocationOf the addresses that are not free while the Services have these
 * @param isOfPod whether a pod has the address of a child, which agents then do not give to a Service: a
 * replica of a version without Services may have given it to the pod
 */
export function plannedAddresses(
  before: ServiceAddresses,
  candidates: readonly AddressCandidate[],
  allocationOf: (services: ServiceAddresses) => Allocation,
  isOfPod: (child: Child, address: Address) => boolean = () => false,
): PlannedAddresses {
  const owners = new Owners();
  const byService = new Map(candidates.map((candidate) => [candidate.request.service, candidate]));
  const verdicts = new Map<string, AddressVerdict>();
  for (const [text, stored] of Object.entries(before)) {
    for (const { service, uid } of stored) {
      const candidate = byService.get(service);
      const address = parseAddress(text);
      if (candidate?.uid !== uid || address === undefined || verdicts.has(service)) continue;
      if (!mayKeep(candidate, address) || isOfPod(candidate.child, address)) continue;
      if (owners.quotaProblem(candidate) !== undefined) continue;
      if (owners.conflict(formatAddress(address), candidate) !== undefined) continue;
      owners.add(formatAddress(address), candidate);
      verdicts.set(service, { ok: true, address });
    }
  }
  const allocation = allocationOf(owners.stored);
  const rest = candidates.filter(({ request }) => !verdicts.has(request.service));
  for (const candidate of rest.toSorted(compare)) {
    const verdict = owners.quotaProblem(candidate) ?? choose(candidate, owners, allocation);
    if (verdict.ok) owners.add(formatAddress(verdict.address), candidate);
    verdicts.set(candidate.request.service, verdict);
  }
  return { services: owners.stored, verdicts };
}

/**
 * The most ports that the Services of a namespace have of one connection. Each is a chain of rules in every
 * gateway, so that one author could take the memory of all others' gateway.
 */
const mostPortsOfNamespace = 2_000;

/** Requests of one address come first: any other may get another one. */
function compare(a: AddressCandidate, b: AddressCandidate): number {
  return rank(a) - rank(b) || (a.request.service < b.request.service ? -1 : 1);
}

function rank({ request, previous }: AddressCandidate): number {
  if (request.address !== undefined) return 0;
  return previous === undefined ? 2 : 1;
}

/** Whether a Service may keep its address. */
function mayKeep({ request, child }: AddressCandidate, address: Address): boolean {
  const { address: requested } = request;
  if (requested !== undefined && !sameAddress(requested, address)) return false;
  return requestProblem(request, child, address) === undefined;
}

function choose(
  candidate: AddressCandidate,
  owners: Owners,
  allocation: Allocation,
): AddressVerdict {
  const { request, child, previous } = candidate;
  const problem = requestProblem(request, child, request.address);
  if (problem !== undefined) return problem;
  const { pool, namespace, address } = request;
  const wanted = { child, pool, namespace };
  if (address === undefined) {
    const shown = previous === undefined ? {} : { address: formatAddress(previous) };
    const again = allocation.take({ ...wanted, ...shown });
    const found = again.ok ? again : allocation.take(wanted);
    if (found.ok) return { ok: true, address: found.address.address };
    return serviceProblem("PoolExhausted", found.message);
  }
  const text = formatAddress(address);
  const conflict = owners.conflict(text, candidate);
  if (conflict !== undefined) return serviceProblem("AddressTaken", conflict);
  const isOwned = owners.has(text) || sameAddress(address, child.xfrmIp.address);
  const result = isOwned ? undefined : allocation.take({ ...wanted, address: text });
  if (result?.ok === false) return serviceProblem("AddressTaken", result.message);
  return { ok: true, address };
}

/** The Services with one address: those of one child and one namespace. */
interface SharedAddress {
  readonly candidates: [AddressCandidate, ...AddressCandidate[]];
  /** The ports that the partner sees → the Service that has it. */
  readonly ports: Map<string, string>;
}

/** The Services that have addresses, while a plan is made. */
class Owners {
  readonly #addresses = new Map<string, SharedAddress>();
  readonly #portsOf = new Map<string, number>();
  #size = 0;

  get stored(): ServiceAddresses {
    const entries = [...this.#addresses].map(([address, { candidates }]) => [
      address,
      candidates.map(({ request: { service }, uid }): ServiceOwner => ({ service, uid })),
    ]);
    return Object.fromEntries(entries) as ServiceAddresses;
  }

  /** Why one more Service cannot have an address, whichever it is. */
  quotaProblem({ request: { namespace, ports } }: AddressCandidate): ServiceProblem | undefined {
    const count = (this.#portsOf.get(namespace) ?? 0) + ports.length;
    if (this.#size < mostServices && count <= mostPortsOfNamespace) return undefined;
    const limit =
      this.#size < mostServices
        ? `the Services of a namespace can have ${mostPortsOfNamespace} ports of one connection, and with this one those of ${namespace} had ${count}`
        : `${mostServices} Services of this connection have addresses, and no more can`;
    return serviceProblem("TooManyServices", `${limit}: remove others, or use another connection`);
  }

  has(address: string): boolean {
    return this.#addresses.has(address);
  }

  add(address: string, candidate: AddressCandidate): void {
    const known = this.#addresses.get(address);
    const shared = known ?? { candidates: [candidate], ports: new Map<string, string>() };
    if (known === undefined) this.#addresses.set(address, shared);
    else known.candidates.push(candidate);
    const { request } = candidate;
    for (const port of shownPorts(request)) shared.ports.set(port, request.service);
    this.#size++;
    const { namespace, ports } = request;
    this.#portsOf.set(namespace, (this.#portsOf.get(namespace) ?? 0) + ports.length);
  }

  /** Why a Service cannot have an address besides the Services that have it. */
  conflict(address: string, { request, child }: AddressCandidate): string | undefined {
    const shared = this.#addresses.get(address);
    if (shared === undefined) return undefined;
    const [{ request: first, child: ofFirst }] = shared.candidates;
    // An author learns the names of Services in the author's own namespace only.
    if (first.namespace !== request.namespace)
      return `${annotation.address}: ${address} is taken; request another address of the pool, or none`;
    if (first.address === undefined || request.address === undefined || ofFirst !== child)
      return `${address} is taken by Service ${first.service}: only Services of one child that name it by ipman.dialo.ai/address share it`;
    const port = shownPorts(request).find((one) => shared.ports.has(one));
    if (port === undefined) return undefined;
    const owner = shared.ports.get(port) ?? "";
    return `port ${port} of ${address} is taken by Service ${owner}: use another port or address`;
  }
}

/** The ports that a Service shows to the partner. */
function shownPorts(request: ServiceRequest): string[] {
  if (request.kind !== "exposed") return [];
  return request.ports.map(({ transport, port }) => `${port}/${transport}`);
}
