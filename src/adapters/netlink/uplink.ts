import { parseAddress, type Address, type Family } from "../../model/net/address.ts";
import { Rta } from "../linux/constants.ts";
import { findLink, type Link } from "./links.ts";
import { routeTo } from "./path-mtu.ts";
import { u32Of } from "./reader.ts";
import { NetlinkSocket } from "./socket.ts";

/** Documentation's own addresses (RFC 5737, RFC 3849): only a default route leads there. */
const farAway: Record<Family, Address> = {
  4: parseAddress("192.0.2.1") as Address,
  6: parseAddress("2001:db8::1") as Address,
};

/**
 * The device of a namespace's default route: a pod's way to the pod network.
 *
 * @param namespace a path; undefined for the process's own
 */
export function uplink(namespace: string | undefined, family: Family): Link | undefined {
  using socket = NetlinkSocket.open(namespace);
  const device = u32Of(routeTo(socket, farAway[family])?.get(Rta.oif));
  return device === undefined ? undefined : findLink(socket, device);
}
