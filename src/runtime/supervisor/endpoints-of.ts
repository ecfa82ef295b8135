import { noEndpoints, type Endpoints } from "../../machines/connection/connection-types.ts";
import type { ChildEndpoints } from "../../machines/gateway/gateway-types.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { ChildServices } from "../../model/translation/child-services.ts";
import { keepEqual } from "../../model/value/keep-equal.ts";
import { sameItems } from "../../model/value/same-items.ts";

/** Everything that a placement has. */
export interface PlacedEndpoints {
  readonly gateways: readonly Gateway[];
  readonly workers: readonly Worker[];
  /** By the keys of the children's references. */
  readonly services: ReadonlyMap<string, ChildServices>;
}

/**
 * The endpoints by connection and child. Unchanged endpoints are the same object as in `before`,
 * so that consumers compare with `===`.
 */
export function endpointsOf(
  { gateways, workers, services }: PlacedEndpoints,
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
        const previous = known.get(member.child);
        const workers = keptWorkers(previous?.workers ?? [], workersOf.get(owner) ?? []);
        const next = { gateway: gatewayOf.get(owner), workers, services: services.get(owner) };
        return [member.child, previous !== undefined && same(previous, next) ? previous : next];
      });
      const unchanged =
        children.length === known.size &&
        children.every(([key, endpoints]) => known.get(key) === endpoints);
      return [id, unchanged ? known : new Map(children)];
    }),
  );
}

/**
 * The workers of a child. Each that is as before is the same object, although its pod was read again: a
 * gateway announces itself from the beginning to a worker that is another object.
 */
function keptWorkers(former: readonly Worker[], workers: readonly Worker[]): readonly Worker[] {
  if (sameItems(former, workers)) return former;
  const known = new Map(former.map((worker) => [worker.reservation, worker]));
  return workers.map((worker) => keepEqual(known.get(worker.reservation), worker));
}

function same(a: ChildEndpoints, b: ChildEndpoints): boolean {
  const isSame = a.gateway === b.gateway && a.services === b.services;
  return isSame && sameItems(a.workers, b.workers);
}
