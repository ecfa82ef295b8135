import type { Child, Connection } from "../api/connection.ts";
import type { ConnectionStatusPart } from "../kubernetes/connection-resource.ts";
import { formatAddress, type Address } from "../net/address.ts";
import { shortened } from "../text/shortened.ts";
import { serviceKindOf, type ServiceObject } from "./service-object.ts";
import { serviceProblem, type ServiceProblem, type ServiceReason } from "./service-reason.ts";
import type { ServiceRequest } from "./service-request.ts";

/** The type of the condition that ipman writes into the status of Services. */
const conditionType = "ipman.dialo.ai/Ready";

/** A condition of a Service, which has no generation. */
export interface ServiceCondition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: ServiceReason;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** The part of a Service's status that ipman writes. */
export interface ServiceStatus {
  readonly loadBalancer?: { readonly ingress: readonly ServiceIngress[] };
  readonly conditions: readonly ServiceCondition[];
}

interface ServiceIngress {
  readonly ip: string;
  readonly ipMode: "VIP";
}

/** A Service with an address. */
export interface AssignedService {
  readonly ok: true;
  readonly request: ServiceRequest;
  readonly connection: Connection;
  readonly child: Child;
  readonly address: Address;
}

/** The longest message of a condition in the API. */
const longestMessage = 1_024;

/** Why a child does not carry traffic, by the status that its agents reported. */
export function tunnelProblem(
  { connection, child }: Pick<AssignedService, "connection" | "child">,
  gateway: Address | undefined,
  status: ConnectionStatusPart | undefined,
): ServiceProblem | undefined {
  const words = `${connection.id}/${child.key}`;
  if (gateway === undefined)
    return serviceProblem(
      "GatewayNotRunning",
      `the gateway of ${words} has no IPv${child.xfrmIp.address.family} address on the pod network yet`,
    );
  const reported = status?.children?.find(({ key }) => key === child.key);
  if (!isUp(reported?.state))
    return serviceProblem("TunnelDown", `the tunnel of ${words} is not established`);
  if (child.probe === undefined) return undefined;
  const reachable = reported?.conditions?.find(({ type }) => type === "Reachable");
  if (reachable?.status === "True") return undefined;
  return serviceProblem("PeerUnreachable", `the probe of ${words} is not answered`);
}

/** A child SA that is replaced carries traffic meanwhile. */
function isUp(state: string | undefined): boolean {
  return state === "established" || state === "rekeying";
}

/** The status of a Service that requests an address, or of one that no longer does. */
export function serviceStatus(
  object: ServiceObject,
  found: AssignedService | ServiceProblem | undefined,
  tunnel: ServiceProblem | undefined,
  now: string,
): ServiceStatus {
  if (found === undefined) return { conditions: [] };
  const problem = found.ok ? tunnel : found;
  const before = conditionOf(object);
  const status = problem === undefined ? "True" : "False";
  const condition: ServiceCondition = {
    type: conditionType,
    status,
    reason: problem?.reason ?? "Ready",
    message: shortened(messageOf(found, problem), longestMessage),
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
  };
  const conditions = [condition];
  if (!isShown(object)) return { conditions };
  const ingress = found.ok ? [{ ip: formatAddress(found.address), ipMode: "VIP" as const }] : [];
  return { loadBalancer: { ingress }, conditions };
}

function messageOf(found: AssignedService | ServiceProblem, problem: ServiceProblem | undefined) {
  if (!found.ok) return found.message;
  const { request, address } = found;
  const words =
    request.kind === "exposed"
      ? `the partner reaches the Service at ${formatAddress(address)}`
      : `the partner sees connections from ${formatAddress(address)}`;
  return problem === undefined ? words : `${problem.message}; then ${words}`;
}

/** The part of a Service's status that ipman writes, as the API server has it. */
export function shownStatus(object: ServiceObject): ServiceStatus {
  const condition = conditionOf(object);
  const conditions = condition === undefined ? [] : [condition];
  if (!isShown(object)) return { conditions };
  const ingress = object.status?.loadBalancer?.ingress ?? [];
  return { loadBalancer: { ingress: ingress as readonly ServiceIngress[] }, conditions };
}

/** Whether ipman is the load balancer of a Service. */
function isShown(object: ServiceObject): boolean {
  return serviceKindOf(object) === "exposed";
}

/** ipman's condition of a Service. */
export function conditionOf({ status }: ServiceObject): ServiceCondition | undefined {
  const conditions: readonly unknown[] = status?.conditions ?? [];
  return conditions.find(isOwnCondition);
}

function isOwnCondition(value: unknown): value is ServiceCondition {
  return (
    typeof value === "object" && value !== null && "type" in value && value.type === conditionType
  );
}
