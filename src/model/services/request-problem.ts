import { isOfPool } from "../addresses/pool.ts";
import type { Child } from "../api/connection.ts";
import { annotation } from "../kubernetes/labels.ts";
import { formatAddress, sameAddress, type Address } from "../net/address.ts";
import { contains } from "../net/prefix.ts";
import { serviceProblem, type ServiceProblem } from "./service-reason.ts";
import type { ServiceRequest } from "./service-request.ts";

/**
 * Why a Service cannot have an address of a child, as far as that does not depend on other Services and
 * pods. Operator and agents judge by it alike.
 *
 * @param address the one that the Service requests or has; undefined if it may have any of its pool
 */
export function requestProblem(
  request: ServiceRequest,
  child: Child,
  address: Address | undefined,
): ServiceProblem | undefined {
  return (
    poolProblem(request, child) ??
    familyProblem(request, child, address) ??
    routeProblem(request, child) ??
    (address && addressProblem(request, child, address))
  );
}

function poolProblem({ pool }: ServiceRequest, { key, pools }: Child) {
  if (pools.has(pool)) return undefined;
  const known = [...pools.keys()].join(", ") || "none";
  const message = `${annotation.pool}: child ${key} has no pool "${pool}"; known: ${known}`;
  return serviceProblem("UnknownPool", message);
}

function familyProblem(
  request: ServiceRequest,
  { key, xfrmIp }: Child,
  address: Address | undefined,
) {
  const { family } = xfrmIp.address;
  const host = request.kind === "remote" ? request.hosts[0] : undefined;
  const other = [host, address].find((one) => one !== undefined && one.family !== family);
  if (other !== undefined) {
    const message = `${formatAddress(other)} is IPv${other.family}, but child ${key} is IPv${family}: name a child of this family`;
    return serviceProblem("FamilyMismatch", message);
  }
  if (request.kind === "exposed" || request.families.length === 0) return undefined;
  if (request.families.includes(family)) return undefined;
  const message = `spec.ipFamilies: the Service has no IPv${family} cluster IP, and the gateway of child ${key} is reached by IPv${family}: list IPv${family}, or name a child of the Service's family`;
  return serviceProblem("FamilyMismatch", message);
}

/** A host of the partner to which the gateway has no route through the tunnel. */
function routeProblem(request: ServiceRequest, { key, routes }: Child) {
  const hosts = request.kind === "remote" ? request.hosts : [];
  const unrouted = hosts.find((host) => !routes.some((route) => contains(route, host)));
  if (unrouted === undefined) return undefined;
  const message = `${formatAddress(unrouted)} is in no network that child ${key} sends into its tunnel: see remote_ips and routes of the child`;
  return serviceProblem("HostNotRouted", message);
}

function addressProblem(
  { pool, address: requested }: ServiceRequest,
  child: Child,
  address: Address,
) {
  const isRequested = requested !== undefined && sameAddress(requested, address);
  const text = formatAddress(address);
  // Several Services may share the gateway's own address if they request it.
  const isGateways = sameAddress(child.xfrmIp.address, address);
  if (isGateways && isRequested) return undefined;
  if (isGateways || sameAddress(child.vxlanIp.address, address))
    return serviceProblem("InvalidService", `${text} is the gateway's own address`);
  if (isOfPool(child, pool, address)) return undefined;
  const message = isRequested
    ? `${annotation.address}: ${text} is neither an address of pool "${pool}" nor the child's xfrm_ip`
    : `${text} is not an address of pool "${pool}"`;
  return serviceProblem("InvalidService", message);
}
