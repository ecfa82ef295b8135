import { formatAddress, sameAddress, type Address } from "../net/address.ts";
import type { FlowEnd, TrackedPort } from "../rules/tracking-plan.ts";
import type { ChildNat } from "./child-nat.ts";
import { reachable, type ServiceMembersFacts } from "./service-members.ts";

/** The input of {@link trackedPorts}. */
export interface TrackedPortsFacts extends Pick<
  ServiceMembersFacts,
  "services" | "gateway" | "inSegment"
> {
  /** The gateway's addresses on the pod network. */
  readonly own: readonly Address[];
  /** The partner sees addresses that workers share in place of the Services' own. */
  readonly nat?: Pick<ChildNat, "addresses"> | undefined;
}

/** The UDP ports of Services that a gateway translates, with the targets that it can reach. */
export function trackedPorts(facts: TrackedPortsFacts): TrackedPort[] {
  const { services, gateway, own, nat } = facts;
  const ofPods = own.find(({ family }) => family === gateway.family);
  const exposed = services.exposed.filter(isUdp).map(({ address, port, backends }) => {
    return { address, port, backends: reachable(backends, facts).map(endOf) };
  });
  const remote = services.remote
    .filter(isUdp)
    .flatMap(({ gatewayPort: port, backends, source }) => {
      if (ofPods === undefined) return [];
      const hosts = backends.filter(({ address }) => address.family === gateway.family);
      const place = { address: ofPods, port, backends: hosts.map(endOf) };
      return [{ ...place, ...(nat?.addresses === undefined && { source }) }];
    });
  return [...exposed, ...remote];
}

/**
 * The ports that may have stale flows: those whose targets or source are not the same as before, and former ones,
 * without a target.
 *
 * @param before undefined if the former ports are not known, as after a start
 */
export function changedPorts(
  before: readonly TrackedPort[] | undefined,
  now: readonly TrackedPort[],
): TrackedPort[] {
  const known = new Map(before?.map((port) => [endText(port), targetsOf(port)]));
  const present = new Set(now.map(endText));
  const gone = (before ?? []).filter((port) => !present.has(endText(port)));
  return [
    ...now.filter((port) => known.get(endText(port)) !== targetsOf(port)),
    ...gone.map((port) => ({ ...port, backends: [] })),
  ];
}

/** Whether a port's flows may go to a host, from a source. */
export function isTarget(
  { backends, source }: TrackedPort,
  flow: { readonly backend: FlowEnd; readonly source: Address },
): boolean {
  const isSource = source === undefined || sameAddress(source, flow.source);
  return isSource && backends.some((backend) => endText(backend) === endText(flow.backend));
}

function isUdp({ transport }: { readonly transport: string }): boolean {
  return transport === "udp";
}

function endOf({ address, port }: FlowEnd): FlowEnd {
  return { address, port };
}

function endText({ address, port }: FlowEnd): string {
  return `${formatAddress(address)} ${port}`;
}

function targetsOf({ backends, source }: TrackedPort): string {
  const from = source === undefined ? "" : formatAddress(source);
  return [from, ...backends.map(endText).toSorted()].join();
}
