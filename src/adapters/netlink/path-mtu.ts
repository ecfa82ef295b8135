import { bitsOf, bytesOf, type Address } from "../../model/net/address.ts";
import { familyNumber, Rta, Rtm } from "../linux/constants.ts";
import { findLink } from "./links.ts";
import { attributesIn, u32Of } from "./reader.ts";
import { NetlinkSocket } from "./socket.ts";

const headerBytes = 12; // struct rtmsg
const metrics = 8;
const metricMtu = 2;

/**
 * The MTU of the way to an address as the namespace knows it: the route's own, where it
 * has one, or its device's. Undefined where there is no way.
 *
 * @param namespace a path; undefined for the process's own
 */
export function pathMtu(namespace: string | undefined, address: Address): number | undefined {
  using socket = NetlinkSocket.open(namespace);
  const attributes = routeTo(socket, address);
  if (attributes === undefined) return undefined;
  const own = attributesIn(attributes.get(metrics) ?? Buffer.alloc(0)).get(metricMtu);
  const device = u32Of(attributes.get(Rta.oif));
  if (device === undefined) return u32Of(own);
  return u32Of(own) ?? findLink(socket, device)?.mtu;
}

/** The attributes of the route that the kernel would take; undefined where there is none. */
export function routeTo(socket: NetlinkSocket, address: Address): Map<number, Buffer> | undefined {
  const reply = socket.query(`find route`, (writer) =>
    writer
      .begin(Rtm.getRoute, 0, headerBytes)
      .u8(0, familyNumber(address.family))
      .u8(1, bitsOf(address.family))
      .attribute(Rta.dst, bytesOf(address)),
  );
  return reply && attributesIn(reply.body, headerBytes);
}
