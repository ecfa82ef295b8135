import type { Address } from "../../model/net/address.ts";
import type { Prefix } from "../../model/net/prefix.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import { routeOrigin, Rta } from "../linux/constants.ts";
import {
  addAddress,
  deleteAddress,
  listAddresses,
  type LinkAddress,
} from "../netlink/addresses.ts";
import type { Link } from "../netlink/links.ts";
import {
  deleteFdb,
  deleteNeighbour,
  listFdb,
  listNeighbours,
  replaceFdb,
  replaceNeighbour,
  type Neighbour,
} from "../netlink/neighbours.ts";
import { deleteRoute, listRoutes, replaceRoute, type NewRoute } from "../netlink/routes.ts";
import type { NetlinkSocket, Request } from "../netlink/socket.ts";

/** The devices of a plan by their planned names. */
export type PlannedLinks = ReadonlyMap<string, Link>;

/**
 * Compares the addresses, routes, neighbours and FDB entries on the plan's devices with the plan.
 *
 * @returns the requests that bring them in line, in the order in which they are to be sent: an
 * address precedes the routes that have it as their source, and the entries that the kernel removes
 * with an address follow it
 * @throws {NetlinkError} if the kernel's entries cannot be listed
 */
export function difference(
  socket: NetlinkSocket,
  links: PlannedLinks,
  plan: NetworkPlan,
): Request[] {
  const addresses = addressRequests(socket, links, plan);
  return [
    ...addresses.requests,
    ...routeRequests(socket, links, plan, addresses.flushed),
    ...neighbourRequests(socket, links, plan, addresses.flushed),
    ...fdbRequests(socket, links, plan),
  ];
}

/** Indexes of devices. */
type Indexes = ReadonlySet<number>;

/** How entries of one kind are compared, added and removed. */
interface Table<T> {
  /** The kernel keeps one entry with the same identity: adding another one replaces it. */
  readonly identity: (entry: T) => string;
  /** Every property of an entry that is compared. */
  readonly key: (entry: T) => string;
  readonly put: (entry: T) => Request;
  readonly remove: (entry: T) => Request;
}

function entryRequests<T>(table: Table<T>, actual: readonly T[], wanted: readonly T[]): Request[] {
  const actualKeys = new Set(actual.map(table.key));
  const wantedKeys = new Set(wanted.map(table.key));
  const put = wanted.filter((entry) => !actualKeys.has(table.key(entry)));
  const replaced = new Set(put.map(table.identity));
  const stays = (entry: T) =>
    wantedKeys.has(table.key(entry)) || replaced.has(table.identity(entry));
  return [...actual.filter((entry) => !stays(entry)).map(table.remove), ...put.map(table.put)];
}

interface AddressRequests {
  readonly requests: readonly Request[];
  /**
   * The devices that lose all their IPv4 addresses meanwhile. With the last one, the kernel removes
   * the device's IPv4 routes and neighbours, even if another address follows.
   */
  readonly flushed: Indexes;
}

function addressRequests(
  socket: NetlinkSocket,
  links: PlannedLinks,
  plan: NetworkPlan,
): AddressRequests {
  const own = indexes(links);
  const all = listAddresses(socket).filter(({ linkIndex }) => own.has(linkIndex));
  const actual = all.filter(({ scope }) => scope < Rta.scopeLink);
  const wanted = plan.addresses.map(({ link, prefix }) => ({
    linkIndex: indexOf(links, link),
    prefix,
    scope: Rta.scopeUniverse,
  }));
  const key = ({ linkIndex, prefix }: LinkAddress) => `${linkIndex} ${prefixKey(prefix)}`;
  const table: Table<LinkAddress> = {
    identity: key,
    key,
    put: ({ linkIndex, prefix }) => addAddress(linkIndex, prefix),
    remove: ({ linkIndex, prefix }) => deleteAddress(linkIndex, prefix),
  };
  const wantedKeys = new Set(wanted.map(key));
  const stays = (address: LinkAddress) =>
    address.scope >= Rta.scopeLink || wantedKeys.has(key(address));
  const ipv4 = all.filter(({ prefix }) => prefix.address.family === 4);
  const kept = new Set(ipv4.filter(stays).map(({ linkIndex }) => linkIndex));
  const flushed = new Set(ipv4.map(({ linkIndex }) => linkIndex)).difference(kept);
  return { requests: entryRequests(table, actual, wanted), flushed };
}

function routeRequests(
  socket: NetlinkSocket,
  links: PlannedLinks,
  plan: NetworkPlan,
  flushed: Indexes,
): Request[] {
  const own = indexes(links);
  const actual = listRoutes(socket).filter(
    ({ linkIndex, origin, destination: { address } }) =>
      own.has(linkIndex) &&
      origin === routeOrigin &&
      !(address.family === 4 && flushed.has(linkIndex)),
  );
  const wanted = plan.routes.map((route) => ({ ...route, linkIndex: indexOf(links, route.link) }));
  const table: Table<NewRoute> = {
    // A route that moves to another device is replaced in one step: no packet is without a route.
    identity: ({ destination }) => prefixKey(destination),
    key: ({ linkIndex, destination, gateway, source }) =>
      `${linkIndex} ${prefixKey(destination)} ${addressKey(gateway)} ${addressKey(source)}`,
    put: replaceRoute,
    remove: deleteRoute,
  };
  return entryRequests(table, actual, wanted);
}

const neighbourKey = ({ linkIndex, address, mac, moves }: Neighbour) =>
  `${linkIndex} ${mac} ${addressKey(address)} ${moves ? "moves" : "stays"}`;

function neighbourRequests(
  socket: NetlinkSocket,
  links: PlannedLinks,
  plan: NetworkPlan,
  flushed: Indexes,
): Request[] {
  const actual = [...indexes(links)]
    .flatMap((index) => listNeighbours(socket, index))
    .filter(({ linkIndex, address }) => !(address.family === 4 && flushed.has(linkIndex)));
  const wanted = plan.neighbours.map(({ link, address, mac }) => ({
    linkIndex: indexOf(links, link),
    address,
    mac,
    moves: false,
  }));
  const table: Table<Neighbour> = {
    identity: ({ linkIndex, address }) => `${linkIndex} ${addressKey(address)}`,
    key: neighbourKey,
    put: replaceNeighbour,
    remove: deleteNeighbour,
  };
  return entryRequests(table, actual, wanted);
}

function fdbRequests(socket: NetlinkSocket, links: PlannedLinks, plan: NetworkPlan): Request[] {
  const vxlans = [...links.values()].filter(({ vxlan }) => vxlan !== undefined);
  const actual = vxlans.flatMap(({ index }) => listFdb(socket, index));
  const wanted = plan.fdb.map(({ link, mac, vtep, moves }) => ({
    linkIndex: indexOf(links, link),
    address: vtep,
    mac,
    moves,
  }));
  const table: Table<Neighbour> = {
    identity: ({ linkIndex, mac }) => `${linkIndex} ${mac}`,
    key: neighbourKey,
    put: replaceFdb,
    remove: deleteFdb,
  };
  return entryRequests(table, actual, wanted);
}

function indexes(links: PlannedLinks): Set<number> {
  return new Set([...links.values()].map((link) => link.index));
}

function indexOf(links: PlannedLinks, name: string): number {
  return links.get(name)?.index ?? 0;
}

function addressKey(address: Address | undefined): string {
  return address === undefined ? "-" : `${address.family}:${address.value.toString(36)}`;
}

function prefixKey({ address, length }: Prefix): string {
  return `${addressKey(address)}/${length}`;
}
