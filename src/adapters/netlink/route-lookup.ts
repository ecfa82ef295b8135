import {
  bitsOf,
  bytesOf,
  parseAddress,
  type Address,
  type Family,
} from "../../model/net/address.ts";
import type { Prefix } from "../../model/net/prefix.ts";
import { familyNumber, routeOrigin, Rta, Rtm } from "../linux/constants.ts";
import { linuxNetlink } from "../linux/netlink-transport.ts";
import { findLink, type Link } from "./links.ts";
import { addressOf, attributesIn, u32Of } from "./reader.ts";
import { listRoutes } from "./routes.ts";
import { NetlinkSocket } from "./socket.ts";

const headerBytes = 12; // struct rtmsg
// rtnetlink.h: RTA_METRICS, RTAX_MTU
const metrics = 8;
const metricMtu = 2;

/** The device through which packets to an address leave. */
export interface Egress {
  readonly device: string;
  /** `veth`, `xfrm`, `dummy`; empty for hardware and loopback. */
  readonly kind: string;
}

/**
 * Finds the device through which a namespace's routes send packets to an address; undefined if
 * there is no route, or one that rejects them (unreachable, prohibit, blackhole).
 *
 * @param namespace a path; undefined for the process's own
 */
export function egressTo(
  namespace: string | undefined,
  address: Address,
  transport = linuxNetlink,
): Egress | undefined {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  const link = linkOf(socket, routeTo(socket, address));
  return link && { device: link.name, kind: link.kind };
}

/**
 * Finds the source address that the kernel chooses for packets to an address; undefined if
 * there is no route.
 *
 * @param namespace a path; undefined for the process's own
 */
export function sourceTo(
  namespace: string | undefined,
  address: Address,
  transport = linuxNetlink,
): Address | undefined {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  return addressOf(routeTo(socket, address)?.get(Rta.prefsrc));
}

/**
 * Finds the MTU of the path to an address as the namespace knows it: the route's own, if it
 * has one, or its device's. Undefined if there is no route.
 *
 * @param namespace a path; undefined for the process's own
 */
export function pathMtu(
  namespace: string | undefined,
  address: Address,
  transport = linuxNetlink,
): number | undefined {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  const route = routeTo(socket, address);
  const own = attributesIn(route?.get(metrics) ?? Buffer.alloc(0)).get(metricMtu);
  return u32Of(own) ?? linkOf(socket, route)?.mtu;
}

/** Addresses of documentation (RFC 5737, RFC 3849), which only a default route should cover. */
const documentation: Record<Family, Address> = {
  4: parseAddress("192.0.2.1") as Address,
  6: parseAddress("2001:db8::1") as Address,
};

/**
 * Finds the device of a namespace's default route, such as a pod's device on the pod network. The
 * namespace may have routes into a tunnel already, which cover any address. If the main table has
 * no default route, the kernel's choice for an address of documentation counts.
 *
 * @param namespace a path; undefined for the process's own
 */
export function uplink(
  namespace: string | undefined,
  family: Family,
  transport = linuxNetlink,
): Link | undefined {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  const route = listRoutes(socket).find(
    ({ destination: { address, length }, origin }) =>
      length === 0 && address.family === family && origin !== routeOrigin,
  );
  if (route !== undefined) return findLink(socket, route.linkIndex);
  return linkOf(socket, routeTo(socket, documentation[family]));
}

/**
 * Lists the networks of a namespace's own routes: those in the main table that ipman did not make,
 * without the default route.
 *
 * @param namespace a path; undefined for the process's own
 */
export function ownRoutes(namespace: string | undefined, transport = linuxNetlink): Prefix[] {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  return listRoutes(socket)
    .filter(({ destination, origin }) => destination.length > 0 && origin !== routeOrigin)
    .map(({ destination }) => destination);
}

type RouteAttributes = ReadonlyMap<number, Buffer>;

/** The attributes of the route that the kernel would use; undefined if there is none. */
function routeTo(socket: NetlinkSocket, address: Address): RouteAttributes | undefined {
  const reply = socket.query("find route", (writer) =>
    writer
      .begin(Rtm.getRoute, 0, headerBytes)
      .u8(0, familyNumber(address.family))
      .u8(1, bitsOf(address.family))
      .attribute(Rta.dst, bytesOf(address)),
  );
  return reply && attributesIn(reply.body, headerBytes);
}

function linkOf(socket: NetlinkSocket, route: RouteAttributes | undefined): Link | undefined {
  const device = u32Of(route?.get(Rta.oif));
  return device === undefined ? undefined : findLink(socket, device);
}
