import { childRefKey } from "../api/child-ref.ts";
import type { Child, Connection } from "../api/connection.ts";
import type { Problem } from "../api/result.ts";
import { formatAddress, sameAddress } from "../net/address.ts";
import { formatPrefix, hostPrefix, overlap, type Prefix } from "../net/prefix.ts";
import { vxlanName } from "../network/gateway-plan.ts";

/** A child that a pod requests to join. */
export interface RequestedChild {
  /** The place of the request: `ipman.dialo.ai/attachments[1]`. */
  readonly path: string;
  readonly connection: Pick<Connection, "id">;
  readonly child: Pick<Child, "key" | "ifId" | "xfrmIp" | "routes">;
}

/**
 * The problems of children that one pod cannot join together: a child that is there twice, and
 * children whose devices, routes or gateways in the pod's namespace would be the same.
 */
export function attachmentConflicts(requested: readonly RequestedChild[]): Problem[] {
  return requested.flatMap((later, i) =>
    requested.slice(0, i).flatMap((earlier) => {
      const message = conflictOf(earlier, later);
      return message === undefined ? [] : [{ path: later.path, message }];
    }),
  );
}

const separatePods = "run a pod for each child";

function conflictOf(earlier: RequestedChild, later: RequestedChild): string | undefined {
  const [one, other] = [nameOf(earlier), nameOf(later)];
  if (one === other)
    return `the child ${one} is requested by ${earlier.path} as well; a pod joins a child once: remove one of them`;
  if (earlier.child.ifId === later.child.ifId)
    return `${one} and ${other} have the same if_id ${later.child.ifId}, which names the pod's device ${vxlanName(later.child)}: give one child another if_id, or ${separatePods}`;
  const routes = overlappingRoutes(earlier.child.routes, later.child.routes);
  if (routes !== undefined)
    return `the route ${formatPrefix(routes.earlier)} of ${one} overlaps with the route ${formatPrefix(routes.later)} of ${other}, and a pod can send to an address by one of them only: declare narrower routes in spec.children of one connection, or ${separatePods}`;
  return gatewayConflict(earlier, later) ?? gatewayConflict(later, earlier);
}

/** The routes to a gateway have one destination; a wider route of the other child may contain it. */
function gatewayConflict(owner: RequestedChild, other: RequestedChild): string | undefined {
  const gateway = owner.child.xfrmIp.address;
  const text = formatAddress(gateway);
  if (sameAddress(gateway, other.child.xfrmIp.address))
    return `${nameOf(owner)} and ${nameOf(other)} have the same gateway address, xfrm_ip ${text}: give one child another xfrm_ip, or ${separatePods}`;
  const host = formatPrefix(hostPrefix(gateway));
  if (!other.child.routes.some((route) => formatPrefix(route) === host)) return undefined;
  return `the route ${host} of ${nameOf(other)} is the address of the gateway of ${nameOf(owner)}, its xfrm_ip: give the child another xfrm_ip, or ${separatePods}`;
}

function nameOf({ connection, child }: RequestedChild): string {
  return childRefKey({ connection: connection.id, child: child.key });
}

function overlappingRoutes(earlier: readonly Prefix[], later: readonly Prefix[]) {
  for (const route of earlier) {
    const found = later.find((candidate) => overlap(route, candidate));
    if (found !== undefined) return { earlier: route, later: found };
  }
  return undefined;
}
