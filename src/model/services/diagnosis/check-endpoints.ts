import type { KubeObject } from "../../kubernetes/kube-object.ts";
import { formatAddress, parseAddress } from "../../net/address.ts";
import { note, ok, problem, type Finding } from "../../status/finding.ts";
import { backendsOf } from "../backends-of.ts";
import type { EndpointSlice } from "../endpoint-slice.ts";
import type { ExposedRequest, RequestedPort } from "../service-request.ts";
import { slicesBy, slicesIn, whyNoSlices, type ServiceSubject } from "./service-subject.ts";

/** Checks whether a gateway has endpoints to forward each port of an exposed Service to. */
export function checkEndpoints(subject: ServiceSubject): Finding[] {
  const { request, facts } = subject;
  if (request.kind !== "exposed") return [];
  const why = whyNoSlices(facts);
  if (why !== undefined) return [note("endpoints", `EndpointSlices cannot be read: ${why}`)];
  const slices = slicesBy(facts, "others");
  const all = addressesIn(slices);
  if (all.size === 0) return [withoutEndpoints(subject)];
  const problems = request.ports.flatMap(
    (port) => portProblem(port, { ...subject, request }, slices) ?? [],
  );
  if (problems.length > 0) return problems;
  const usable = request.ports.flatMap((port) => backendsOf(slices, port));
  const used = new Set(usable.map(({ address }) => formatAddress(address))).size;
  const ready = slices.some(({ endpoints }) => endpoints.some((endpoint) => endpoint.ready));
  if (ready) return [ok("endpoints", `${used} of ${all.size} accept connections`)];
  return [note("endpoints", `none is ready; ${used} that end still accept connections`)];
}

function addressesIn(slices: readonly EndpointSlice[]): Set<string> {
  const endpoints = slices.flatMap((slice) => slice.endpoints);
  return new Set(endpoints.map(({ address }) => formatAddress(address)));
}

function withoutEndpoints({ facts: { service } }: ServiceSubject): Finding {
  const selector = selectorOf(service.spec?.selector);
  if (selector === undefined)
    return problem(
      "endpoints",
      "the Service has neither a selector nor an EndpointSlice with endpoints",
      "set spec.selector to the labels of the pods",
    );
  const { namespace = "default" } = service.metadata;
  return problem(
    "endpoints",
    `the Service has no endpoints: its selector ${selector} selects no pod that runs`,
    `compare it with the labels of the pods: kubectl get pods -n ${namespace} --show-labels`,
  );
}

function selectorOf(selector: Readonly<Record<string, string>> | null = {}): string | undefined {
  const terms = Object.entries(selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return terms.length === 0 ? undefined : terms.join(",");
}

type ExposedSubject = ServiceSubject & { readonly request: ExposedRequest };

function portProblem(
  port: RequestedPort,
  { facts, request, status, child, tunnel }: ExposedSubject,
  slices: readonly EndpointSlice[],
): Finding | undefined {
  const words = `port ${port.port}/${port.transport}`;
  const ofPort = slices.filter(({ ports }) =>
    ports.some(({ name, transport }) => name === port.name && transport === port.transport),
  );
  const count = addressesIn(ofPort).size;
  if (count === 0)
    return problem(
      "endpoints",
      `no endpoint serves ${words}`,
      "its targetPort has to be a number, or the name of a port that the pods declare",
    );
  const ready = backendsOf(slices, port);
  if (ready.length === 0)
    return problem(
      "endpoints",
      `none of the ${count} endpoints of ${words} is ready`,
      "kubectl get pods shows why: their readiness probes fail, or their containers do not run",
    );
  const workers = new Set(tunnel?.child?.workers.map(({ id }) => id));
  const pods = podsOf(slicesIn(facts));
  const family = child?.xfrmIp.address.family;
  // A worker is reached at its address in the segment; without the agent, it is not known which pods are.
  const isReachable = ({ address }: (typeof ready)[number]) =>
    family === undefined ||
    tunnel === undefined ||
    address.family === family ||
    workers.has(pods.get(formatAddress(address)) ?? "");
  if (!ready.some(isReachable))
    return problem(
      "endpoints",
      `none of the ${ready.length} ready endpoints of ${words} has an IPv${family} address, and the child is IPv${family}`,
      `set spec.ipFamilies of the Service to IPv${family}, or name a child of the pods' family`,
    );
  if (!request.isLocal) return undefined;
  return localProblem(words, status?.node, backendsOf(slices, port, status?.node).length);
}

function localProblem(words: string, node: string | undefined, count: number): Finding | undefined {
  if (node === undefined || node === "" || count > 0) return undefined;
  return problem(
    "endpoints",
    `externalTrafficPolicy is Local, and no ready endpoint of ${words} is on ${node}, the node of the active gateway`,
    "set externalTrafficPolicy: Cluster, or run a pod on each node of the connection's paths",
  );
}

/** The uids of the pods of endpoints, by their addresses. */
function podsOf(slices: readonly KubeObject[]): Map<string, string> {
  const endpoints = slices.flatMap((slice) => (slice as RawSlice).endpoints ?? []);
  return new Map(
    endpoints.flatMap(({ addresses = [], targetRef }): [string, string][] => {
      const address = parseAddress(addresses[0] ?? "");
      if (address === undefined || targetRef?.uid === undefined) return [];
      return [[formatAddress(address), targetRef.uid]];
    }),
  );
}

interface RawSlice extends KubeObject {
  readonly endpoints?:
    | readonly {
        readonly addresses?: readonly string[];
        readonly targetRef?: { readonly uid?: string };
      }[]
    | null;
}
