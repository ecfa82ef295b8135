import { bytesOf, type Address } from "../../model/net/address.ts";
import { macBytes, macText } from "../../model/net/mac.ts";
import {
  addrGenModeNone,
  ageless,
  Ifla,
  iffNoArp,
  iffUp,
  Nl,
  Rtm,
  Sock,
} from "../linux/constants.ts";
import { addressOf, attributesIn, textOf, u16BeOf, u32Of } from "./reader.ts";
import type { NetlinkSocket, Request } from "./socket.ts";
import type { MessageWriter } from "./writer.ts";

const infoBytes = 16; // struct ifinfomsg

/** A network device as the kernel has it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** Whether it resolves neighbours, and answers ARP requests. */
  readonly arp: boolean;
  /** Bytes. */
  readonly mtu: number;
  readonly mac: string;
  /** `vxlan`, `xfrm`, `veth`, `bridge`; empty for hardware and loopback. */
  readonly kind: string;
  /** Index of the device that it belongs to, a bridge say; 0 for none. */
  readonly master: number;
  readonly vxlan: VxlanAttributes | undefined;
  readonly xfrm: XfrmAttributes | undefined;
  readonly counters: LinkCounters | undefined;
}

export interface VxlanAttributes {
  readonly vni: number | undefined;
  /** UDP. */
  readonly port: number | undefined;
  /** Index of the device under it; 0 for none. */
  readonly underlying: number;
  readonly local: Address | undefined;
  readonly learning: boolean;
  /** Seconds until an entry that was learned and not used is forgotten. */
  readonly ageing: number;
  /** The most FDB entries; 0 for no limit. */
  readonly limit: number;
}

export interface XfrmAttributes {
  readonly ifId: number | undefined;
  /** Index of the device under it, in the namespace that it was made in; 0 for none. */
  readonly underlying: number;
}

/** Since the device was made. */
export interface LinkCounters {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Every device of the socket's namespace. */
export function listLinks(socket: NetlinkSocket): Link[] {
  return socket
    .dump("list links", (writer) => writer.begin(Rtm.getLink, 0, infoBytes))
    .flatMap(({ body }) => linkFrom(body) ?? []);
}

/** One device, by its name or its index; undefined where there is none. */
export function findLink(socket: NetlinkSocket, which: string | number): Link | undefined {
  const reply = socket.query("find link", (writer) => {
    writer.begin(Rtm.getLink, 0, infoBytes);
    if (typeof which === "number") writer.u32(4, which);
    else writer.attributeText(Ifla.ifname, which);
  });
  return reply && linkFrom(reply.body);
}

/** The device of an RTM_NEWLINK; undefined for a cut one. */
export function linkFrom(body: Buffer): Link | undefined {
  if (body.length < infoBytes) return undefined;
  const attributes = attributesIn(body, infoBytes);
  const info = attributesIn(attributes.get(Ifla.linkInfo) ?? Buffer.alloc(0));
  const kind = textOf(info.get(Ifla.infoKind));
  const data = attributesIn(info.get(Ifla.infoData) ?? Buffer.alloc(0));
  return {
    index: body.readInt32LE(4),
    up: (body.readUInt32LE(8) & iffUp) !== 0,
    arp: (body.readUInt32LE(8) & iffNoArp) === 0,
    name: textOf(attributes.get(Ifla.ifname)),
    mtu: u32Of(attributes.get(Ifla.mtu)) ?? 0,
    mac: macText(attributes.get(Ifla.address)),
    kind,
    master: u32Of(attributes.get(Ifla.master)) ?? 0,
    vxlan: kind === "vxlan" ? vxlanFrom(data) : undefined,
    xfrm: kind === "xfrm" ? xfrmFrom(data) : undefined,
    counters: countersFrom(attributes.get(Ifla.stats64)),
  };
}

function xfrmFrom(data: Map<number, Buffer>): XfrmAttributes {
  return {
    ifId: u32Of(data.get(Ifla.xfrmIfId)),
    underlying: u32Of(data.get(Ifla.xfrmLink)) ?? 0,
  };
}

function vxlanFrom(data: Map<number, Buffer>): VxlanAttributes {
  return {
    vni: u32Of(data.get(Ifla.vxlanId)),
    port: u16BeOf(data.get(Ifla.vxlanPort)),
    underlying: u32Of(data.get(Ifla.vxlanLink)) ?? 0,
    local: addressOf(data.get(Ifla.vxlanLocal) ?? data.get(Ifla.vxlanLocal6)),
    learning: data.get(Ifla.vxlanLearning)?.readUInt8(0) === 1,
    ageing: u32Of(data.get(Ifla.vxlanAgeing)) ?? 0,
    limit: u32Of(data.get(Ifla.vxlanLimit)) ?? 0,
  };
}

function countersFrom(stats: Buffer | undefined): LinkCounters | undefined {
  if (stats === undefined || stats.length < 32) return undefined;
  const at = (index: number) => Number(stats.readBigUInt64LE(index * 8));
  return { packetsIn: at(0), packetsOut: at(1), bytesIn: at(2), bytesOut: at(3) };
}

/** An xfrm interface. It keeps to the namespace that it is made in, wherever it is moved. */
export function addXfrmLink(name: string, ifId: number, mtu: number, underlying: number): Request {
  return addLink(
    name,
    "xfrm",
    (writer) => {
      if (underlying !== 0) writer.attributeU32(Ifla.xfrmLink, underlying);
      writer.attributeU32(Ifla.xfrmIfId, ifId);
    },
    (writer) => writer.attributeU32(Ifla.mtu, mtu),
  );
}

export interface NewVxlan {
  readonly name: string;
  readonly vni: number;
  readonly port: number;
  readonly mac: string;
  readonly mtu: number;
  readonly underlying: number;
  readonly local: Address;
  readonly learning: false | { readonly most: number };
}

/** A VXLAN device; where it learns where MAC addresses are, it does not forget. */
export function addVxlanLink(link: NewVxlan): Request {
  return addLink(
    link.name,
    "vxlan",
    (writer) => {
      writer.attributeU32(Ifla.vxlanId, link.vni);
      writer.attributeU32(Ifla.vxlanLink, link.underlying);
      const local = link.local.family === 4 ? Ifla.vxlanLocal : Ifla.vxlanLocal6;
      writer.attribute(local, bytesOf(link.local));
      writer.attributeU8(Ifla.vxlanLearning, link.learning === false ? 0 : 1);
      writer.attributeU32(Ifla.vxlanAgeing, ageless);
      if (link.learning !== false) writer.attributeU32(Ifla.vxlanLimit, link.learning.most);
      writer.attributeU16Be(Ifla.vxlanPort, link.port);
    },
    (writer) => {
      writer.attributeU32(Ifla.mtu, link.mtu);
      writer.attribute(Ifla.address, macBytes(link.mac));
    },
  );
}

export function addBridge(name: string, mtu: number): Request {
  return addLink(
    name,
    "bridge",
    () => {},
    (writer) => writer.attributeU32(Ifla.mtu, mtu),
  );
}

/** A veth pair; the peer is made in the namespace of that descriptor. */
export function addVeth(
  name: string,
  mtu: number,
  peer: { name: string; namespaceFd: number },
): Request {
  return addLink(
    name,
    "veth",
    (writer) => {
      writer.nest(Ifla.vethPeer | Nl.nested, () => {
        writer.raw(new Uint8Array(infoBytes));
        writer.attributeText(Ifla.ifname, peer.name);
        writer.attributeU32(Ifla.mtu, mtu);
        writer.attributeU32(Ifla.netNsFd, peer.namespaceFd);
      });
    },
    (writer) => writer.attributeU32(Ifla.mtu, mtu),
  );
}

function addLink(
  name: string,
  kind: string,
  data: (writer: MessageWriter) => void,
  common: (writer: MessageWriter) => void,
): Request {
  return {
    op: `add ${kind} link ${name}`,
    write: (writer) => {
      writer.begin(Rtm.newLink, Nl.create | Nl.excl, infoBytes);
      writer.attributeText(Ifla.ifname, name);
      common(writer);
      writer.nest(Ifla.linkInfo | Nl.nested, () => {
        writer.attributeText(Ifla.infoKind, kind);
        writer.nest(Ifla.infoData | Nl.nested, () => data(writer));
      });
    },
  };
}

/** What can be changed on a device that exists. */
export interface LinkChange {
  readonly up?: boolean;
  /** The kernel removes the device's neighbours when this changes. */
  readonly arp?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
  /** Index of the bridge that it joins. */
  readonly master?: number;
  /** The namespace it moves to, as an open descriptor. */
  readonly namespaceFd?: number;
  /** Keeps IPv6 from giving it an address, and with it from soliciting routers. */
  readonly unaddressed?: boolean;
}

export function changeLink(link: { index: number; name: string }, change: LinkChange): Request {
  return {
    op: `set link ${link.name}`,
    write: (writer) => {
      writer.begin(Rtm.newLink, 0, infoBytes).u32(4, link.index);
      const { flags, mask } = flagsOf(change);
      writer.u32(8, flags).u32(12, mask);
      if (change.mtu !== undefined) writer.attributeU32(Ifla.mtu, change.mtu);
      if (change.mac !== undefined) writer.attribute(Ifla.address, macBytes(change.mac));
      if (change.master !== undefined) writer.attributeU32(Ifla.master, change.master);
      if (change.namespaceFd !== undefined) writer.attributeU32(Ifla.netNsFd, change.namespaceFd);
      if (change.unaddressed === true) {
        writer.nest(Ifla.afSpec | Nl.nested, () => {
          writer.nest(Sock.afInet6 | Nl.nested, () => {
            writer.attributeU8(Ifla.inet6AddrGenMode, addrGenModeNone);
          });
        });
      }
    },
  };
}

/** The flags that are to be set, among those that change. */
function flagsOf({ up, arp }: LinkChange): { readonly flags: number; readonly mask: number } {
  const flags = (up === true ? iffUp : 0) | (arp === false ? iffNoArp : 0);
  const mask = (up === undefined ? 0 : iffUp) | (arp === undefined ? 0 : iffNoArp);
  return { flags, mask };
}

/** Removing what is not there is no error. */
export function deleteLink(link: { index: number; name: string }): Request {
  return {
    op: `delete link ${link.name}`,
    tolerate: ["ENODEV"],
    write: (writer) => writer.begin(Rtm.delLink, 0, infoBytes).u32(4, link.index),
  };
}
