import { noEndpoints, type Endpoints } from "../../machines/connection/connection-types.ts";
import type { ChildEndpoints } from "../../machines/gateway/gateway-types.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import { sameItems } from "../../model/value/same-items.ts";

/**
 * The endpoints by connection and child. Unchanged endpoints are the same object as in `before`,
 * so that consumers compare with `===`.
 */
export function endpointsOf(
  gateways: readonly Gateway[],
  workers: readonly Worker[],
  before: ReadonlyMap<string, Endpoints>,
): ReadonlyMap<string, Endpoints> {
  const gatewayOf = new Map(gateways.map((gateway) => [childRefKey(gateway), gateway]));
  const workersOf = Map.groupBy(workers, childRefKey);
  const owners = new Map(
    [...gateways, ...workers].map((endpoint) => [childRefKey(endpoint), endpoint]),
  );
  const connections = Map.groupBy(owners.values(), ({ connection }) => connection);
  return new Map(
    [...connections].map(([id, members]) => {
      const known = before.get(id) ?? noEndpoints;
      const children = members.map((member): [string, ChildEndpoints] => {
        const owner = childRefKey(member);
        const next = { gateway: gatewayOf.get(owner), workers: workersOf.get(owner) ?? [] };
        const previous = known.get(member.child);
        return [member.child, previous !== undefined && same(previous, next) ? previous : next];
      });
      const unchanged =
        children.length === known.size &&
        children.every(([key, endpoints]) => known.get(key) === endpoints);
      return [id, unchanged ? known : new Map(children)];
    }),
  );
}

function same(a: ChildEndpoints, b: ChildEndpoints): boolean {
  return a.gateway === b.gateway && sameItems(a.workers, b.workers);
}
