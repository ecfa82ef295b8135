import {
  familyNumber,
  Ifa,
  Ifla,
  iffNoArp,
  iffUp,
  Nda,
  Nl,
  Rta,
  Sock,
} from "../../../src/adapters/linux/constants.ts";
import type { LinkAddress } from "../../../src/adapters/netlink/addresses.ts";
import type { Link } from "../../../src/adapters/netlink/links.ts";
import type { Neighbour } from "../../../src/adapters/netlink/neighbours.ts";
import type { Route } from "../../../src/adapters/netlink/routes.ts";
import { MessageWriter } from "../../../src/adapters/netlink/writer.ts";
import { bytesOf } from "../../../src/model/net/address.ts";
import { macBytes } from "../../../src/model/net/mac.ts";

const headerBytes = 16;

/** Encodes the body of a message: a fixed header of `payload` bytes, then attributes. */
export function encodeBody(payload: number, write: (writer: MessageWriter) => void): Buffer {
  const writer = new MessageWriter();
  write(writer.begin(0, 0, payload));
  return Buffer.from(writer.bytes().subarray(headerBytes));
}

/** Encodes a device as RTM_NEWLINK. */
export function encodeLink(link: Link): Buffer {
  return encodeBody(16, (writer) => {
    writer.u32(4, link.index).u32(8, (link.up ? iffUp : 0) | (link.arp ? 0 : iffNoArp));
    writer.attributeText(Ifla.ifname, link.name).attributeU32(Ifla.mtu, link.mtu);
    if (link.mac !== "") writer.attribute(Ifla.address, macBytes(link.mac));
    if (link.master !== 0) writer.attributeU32(Ifla.master, link.master);
    if (link.kind === "") return;
    writer.nest(Ifla.linkInfo | Nl.nested, () => {
      writer.attributeText(Ifla.infoKind, link.kind);
      writer.nest(Ifla.infoData | Nl.nested, () => linkData(writer, link));
    });
  });
}

function linkData(writer: MessageWriter, { vxlan, xfrm }: Link): void {
  if (xfrm !== undefined) {
    writer.attributeU32(Ifla.xfrmIfId, xfrm.ifId ?? 0);
    if (xfrm.underlying !== 0) writer.attributeU32(Ifla.xfrmLink, xfrm.underlying);
  }
  if (vxlan === undefined) return;
  writer.attributeU32(Ifla.vxlanId, vxlan.vni ?? 0);
  writer.attributeU32(Ifla.vxlanLink, vxlan.underlying);
  if (vxlan.local !== undefined) {
    const attribute = vxlan.local.family === 4 ? Ifla.vxlanLocal : Ifla.vxlanLocal6;
    writer.attribute(attribute, bytesOf(vxlan.local));
  }
  writer.attributeU8(Ifla.vxlanLearning, vxlan.learning ? 1 : 0);
  writer.attributeU32(Ifla.vxlanAgeing, vxlan.ageing).attributeU32(Ifla.vxlanLimit, vxlan.limit);
  writer.attributeU16Be(Ifla.vxlanPort, vxlan.port ?? 0);
}

/** Encodes an address as RTM_NEWADDR. */
export function encodeAddress({ linkIndex, prefix, scope }: LinkAddress): Buffer {
  const { address, length } = prefix;
  return encodeBody(8, (writer) =>
    writer
      .u8(0, familyNumber(address.family))
      .u8(1, length)
      .u8(3, scope)
      .u32(4, linkIndex)
      .attribute(Ifa.address, bytesOf(address)),
  );
}

/** Encodes a route of the main table as RTM_NEWROUTE; a default route has no destination. */
export function encodeRoute(route: Route): Buffer {
  const { destination, gateway, source, linkIndex, origin } = route;
  return encodeBody(12, (writer) => {
    writer.u8(0, familyNumber(destination.address.family)).u8(1, destination.length);
    writer.u8(4, Rta.tableMain).u8(5, origin).u8(7, Rta.unicast);
    writer.attributeU32(Rta.table, Rta.tableMain);
    if (destination.length > 0) writer.attribute(Rta.dst, bytesOf(destination.address));
    if (gateway !== undefined) writer.attribute(Rta.gateway, bytesOf(gateway));
    if (source !== undefined) writer.attribute(Rta.prefsrc, bytesOf(source));
    writer.attributeU32(Rta.oif, linkIndex);
  });
}

/** Encodes an entry of a neighbour table, or of a forwarding database, as RTM_NEWNEIGH. */
export function encodeNeighbour(entry: Neighbour, isFdb: boolean): Buffer {
  const { linkIndex, address, mac, moves } = entry;
  return encodeBody(12, (writer) =>
    writer
      .u8(0, isFdb ? Sock.afBridge : familyNumber(address.family))
      .u32(4, linkIndex)
      .u16(8, moves ? Nda.reachable : Nda.permanent)
      .u8(10, (isFdb ? Nda.self : 0) | (moves ? Nda.extLearned : 0))
      .attribute(Nda.dst, bytesOf(address))
      .attribute(Nda.lladdr, macBytes(mac)),
  );
}
