import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Address } from "../../model/net/address.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import type { Prefix } from "../../model/net/prefix.ts";
import { applyRules, FilterMemory, isFiltered, rulesDiffer } from "../nftables/apply-rules.ts";
import {
  addAddress,
  deleteAddress,
  listAddresses,
  type LinkAddress,
} from "../netlink/addresses.ts";
import { applyLinks, isPlanned, setDown, type PlanPlace } from "./apply-links.ts";
import { routeOrigin, Rta } from "../linux/constants.ts";
import { listLinks, type Link } from "../netlink/links.ts";
import { inNamespace } from "../linux/namespace.ts";
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
import { NetlinkSocket, type Request } from "../netlink/socket.ts";

/** What a pass did: requests sent, by what they are for. */
export interface Applied {
  /** Requests that the difference took; 0 when everything was as planned. */
  readonly changes: number;
}

/**
 * Makes a namespace as planned: compares with what the kernel has and applies the
 * difference, so that a second pass changes nothing and any pass heals what somebody
 * broke. What else is on the plan's own links is removed; nothing else is touched.
 *
 * @throws {NetlinkError} the first of what the kernel refused; the rest was still tried
 */
export function applyPlan(
  place: PlanPlace,
  plan: NetworkPlan,
  filter: FilterMemory = new FilterMemory(),
): Applied {
  using socket = NetlinkSocket.open(place.namespace);
  // The filter first: no link is to carry anything without it.
  const filtered = applyFilter(socket, place.namespace, plan, filter);
  if (plan.forwarding) applyForwarding(place.namespace);
  const links = applyLinks(socket, place, plan.links);
  const requests = [
    ...addressRequests(socket, links, plan),
    ...routeRequests(socket, links, plan),
    ...neighbourRequests(socket, links, plan),
    ...fdbRequests(socket, links, plan),
  ];
  const [error] = socket.batch(requests);
  if (error !== undefined) throw error;
  return { changes: filtered + requests.length };
}

/** Sets the links down where there is no filter, and none can be set. */
function applyFilter(
  socket: NetlinkSocket,
  namespace: string | undefined,
  { rules, links }: NetworkPlan,
  memory: FilterMemory,
): number {
  if (rules === undefined) return 0;
  try {
    return applyRules(namespace, rules, memory);
  } catch (error) {
    if (!isFiltered(namespace, rules)) setDown(socket, links);
    throw error;
  }
}

/**
 * What a pass would have to do, in words: nothing where the namespace is as planned. What is
 * there besides is left out, since it hinders nobody.
 */
export function driftOf(
  namespace: string | undefined,
  plan: NetworkPlan,
  filter: FilterMemory = new FilterMemory(),
): string[] {
  using socket = NetlinkSocket.open(namespace);
  const actual = listLinks(socket);
  const links = new Map(
    plan.links.flatMap((link) => {
      const known = actual.find((one) => isPlanned(one, link));
      return known === undefined ? [] : [[link.name, known] as const];
    }),
  );
  const lacking = plan.links.filter(({ name }) => links.get(name)?.up !== true);
  if (lacking.length > 0)
    return lacking.map(({ name }) => `${links.has(name) ? "set up" : "make"} ${name}`);
  const requests = [
    ...addressRequests(socket, links, plan),
    ...routeRequests(socket, links, plan),
    ...neighbourRequests(socket, links, plan),
    ...fdbRequests(socket, links, plan),
  ];
  const settings = plan.forwarding ? unset(namespace) : [];
  const { rules } = plan;
  const filters =
    rules !== undefined && rulesDiffer(namespace, rules, filter)
      ? [`set packet filter ${rules.table}`]
      : [];
  return [
    ...filters,
    ...settings.map(([name, value]) => `set ${name.replaceAll("/", ".")} to ${value}`),
    ...requests.map(({ op }) => op).filter((op) => !op.startsWith("delete")),
  ];
}

type Links = ReadonlyMap<string, Link>;

/** How one kind of entry is told apart, made and removed. */
interface Table<T> {
  /** What the kernel keeps one entry of: a wanted one with it takes the place of the other. */
  readonly identity: (entry: T) => string;
  /** Everything that is compared. */
  readonly key: (entry: T) => string;
  readonly put: (entry: T) => Request;
  readonly remove: (entry: T) => Request;
}

function difference<T>(table: Table<T>, actual: readonly T[], wanted: readonly T[]): Request[] {
  const have = new Set(actual.map(table.key));
  const stays = new Set(wanted.map(table.identity));
  return [
    ...actual.filter((entry) => !stays.has(table.identity(entry))).map(table.remove),
    ...wanted.filter((entry) => !have.has(table.key(entry))).map(table.put),
  ];
}

function addressRequests(socket: NetlinkSocket, links: Links, plan: NetworkPlan): Request[] {
  const own = indexes(links);
  const actual = listAddresses(socket).filter(
    ({ linkIndex, scope }) => own.has(linkIndex) && scope < Rta.scopeLink,
  );
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
  return difference(table, actual, wanted);
}

function routeRequests(socket: NetlinkSocket, links: Links, plan: NetworkPlan): Request[] {
  const own = indexes(links);
  const actual = listRoutes(socket).filter(
    ({ linkIndex, origin }) => own.has(linkIndex) && origin === routeOrigin,
  );
  const wanted = plan.routes.map((route) => ({ ...route, linkIndex: indexOf(links, route.link) }));
  const table: Table<NewRoute> = {
    identity: ({ linkIndex, destination }) => `${linkIndex} ${prefixKey(destination)}`,
    key: ({ linkIndex, destination, gateway, source }) =>
      `${linkIndex} ${prefixKey(destination)} ${addressKey(gateway)} ${addressKey(source)}`,
    put: replaceRoute,
    remove: deleteRoute,
  };
  return difference(table, actual, wanted);
}

const neighbourKey = ({ linkIndex, address, mac, moves }: Neighbour) =>
  `${linkIndex} ${mac} ${addressKey(address)} ${moves ? "moves" : "stays"}`;

function neighbourRequests(socket: NetlinkSocket, links: Links, plan: NetworkPlan): Request[] {
  const actual = [...indexes(links)].flatMap((index) => listNeighbours(socket, index));
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
  return difference(table, actual, wanted);
}

function fdbRequests(socket: NetlinkSocket, links: Links, plan: NetworkPlan): Request[] {
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
  return difference(table, actual, wanted);
}

const forwardingSettings: readonly (readonly [name: string, value: string])[] = [
  ["ipv4/ip_forward", "1"],
  ["ipv6/conf/all/forwarding", "1"],
  // Packets come in from a tunnel whose addresses have no route back through it.
  ["ipv4/conf/all/rp_filter", "0"],
  ["ipv4/conf/default/rp_filter", "0"],
];

function applyForwarding(namespace: string | undefined): void {
  const settings = unset(namespace);
  if (settings.length === 0) return;
  inNamespace(namespace, () => {
    for (const [name, value] of settings) writeFileSync(settingPath(name), value);
  });
}

/** The settings for forwarding that are not as they should be. */
function unset(namespace: string | undefined) {
  return inNamespace(namespace, () =>
    forwardingSettings.filter(([name, value]) => {
      const path = settingPath(name);
      // A kernel without IPv6 lacks its settings.
      return existsSync(path) && readFileSync(path, "utf8").trim() !== value;
    }),
  );
}

function settingPath(name: string): string {
  return `/proc/sys/net/${name}`;
}

function indexes(links: Links): Set<number> {
  return new Set([...links.values()].map((link) => link.index));
}

function indexOf(links: Links, name: string): number {
  return links.get(name)?.index ?? 0;
}

function addressKey(address: Address | undefined): string {
  return address === undefined ? "-" : `${address.family}:${address.value.toString(36)}`;
}

function prefixKey({ address, length }: Prefix): string {
  return `${addressKey(address)}/${length}`;
}
