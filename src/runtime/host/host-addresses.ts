import { randomBytes } from "node:crypto";
import type { HostEndpoints, HostWorker } from "../../adapters/host/endpoints.ts";
import type { FoundEndpoints } from "../../adapters/host/found-endpoints.ts";
import { isOfPool } from "../../model/addresses/pool.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import { bitsOf, formatAddress, type Address } from "../../model/net/address.ts";
import { freeAddress } from "../../model/net/address-pool.ts";
import type { Prefix } from "../../model/net/prefix.ts";

/** The addresses of a host that are in use. */
export interface UsedAddresses {
  readonly endpoints: HostEndpoints;
  /** The endpoints of a former process, after its list of endpoints was lost. */
  readonly found: FoundEndpoints;
  /** The network of the fabric. */
  readonly network: Prefix;
}

/** A namespace that joins a child's segment. */
export interface Joining {
  /** A path. */
  readonly netns: string;
  readonly connection: Connection;
  readonly child: Child;
  readonly pool: string;
}

/**
 * The worker of a namespace. It keeps the addresses that it has, as long as they are in the pool;
 * otherwise it gets free ones.
 *
 * @throws if the pool, or the fabric, has no free address
 */
export function workerFor(addresses: UsedAddresses, joining: Joining): HostWorker {
  const { workers } = addresses.endpoints;
  const { netns, connection, child, pool } = joining;
  const id = `${netns} ${refOf(connection, child)}`;
  const known = workers.find((worker) => worker.id === id);
  const isHeld = known?.pool === pool && isOfPool(child, pool, known.address.address);
  if (known !== undefined && isHeld) return known;
  const address = segmentAddress(addresses, joining, id);
  const sibling = workers.find((worker) => worker.netns === netns);
  const former = addresses.found.workers.find((worker) => worker.netns === netns);
  const underlay =
    sibling?.underlay ?? known?.underlay ?? former?.underlay ?? freeUnderlay(addresses);
  const reservation = randomBytes(16).toString("hex");
  const place = { connection: connection.id, child: child.key, pool };
  return { id, netns, ...place, address, underlay, reservation };
}

function segmentAddress(
  { endpoints, found }: UsedAddresses,
  { netns, connection, child, pool }: Joining,
  id: string,
): Prefix {
  const isOther = (worker: HostWorker) =>
    worker.connection === connection.id && worker.child === child.key && worker.id !== id;
  const others = found.workers.filter((worker) => worker.netns !== netns);
  const taken = [
    ...endpoints.workers.filter(isOther).map(({ address }) => address),
    ...others.flatMap(({ segments }) => segments.get(child.ifId) ?? []),
  ];
  const used = new Set(taken.map(({ address }) => formatAddress(address)));
  const former = found.workers.find((worker) => worker.netns === netns)?.segments.get(child.ifId);
  const isFree = former !== undefined && !used.has(formatAddress(former.address));
  if (isFree && isOfPool(child, pool, former.address)) return former;
  const free = freeAddress(child.pools.get(pool) ?? [], used, child.vxlanIp.length);
  if (free !== undefined) return free;
  throw new Error(
    `pool "${pool}" of ${refOf(connection, child)} has no free address: all ${used.size} are attached`,
  );
}

/**
 * A free address on the fabric.
 *
 * @throws if there is none
 */
export function freeUnderlay({ endpoints, found, network }: UsedAddresses): Address {
  const taken = [
    ...[...endpoints.gateways, ...endpoints.workers, ...found.workers].map((end) => end.underlay),
    ...found.gateways.values(),
  ];
  const used = new Set(taken.map(formatAddress));
  const { family, value } = network.address;
  const size = 1n << BigInt(bitsOf(family) - network.length);
  const range = {
    first: { family, value: value + 1n },
    last: { family, value: value + size - 2n },
    prefixLength: undefined,
  };
  const free = freeAddress([range], used, network.length);
  if (free === undefined)
    throw new Error("the fabric has no free address: start with a larger --fabric");
  return free.address;
}

/** A child in a message. */
export function refOf({ id }: Connection, { key }: Child): string {
  return childRefKey({ connection: id, child: key });
}
