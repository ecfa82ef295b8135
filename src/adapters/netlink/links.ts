import type { Address } from "../../model/net/address.ts";
import { macText } from "../../model/net/mac.ts";
import { Ifla, iffNoArp, iffUp, Rtm } from "../linux/constants.ts";
import { addressOf, attributesIn, textOf, u16BeOf, u32Of } from "./reader.ts";
import type { NetlinkSocket } from "./socket.ts";

/** struct ifinfomsg */
export const linkHeaderBytes = 16;

/** A network device in the kernel. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** Whether it resolves neighbours and answers ARP requests. */
  readonly arp: boolean;
  /** Bytes. */
  readonly mtu: number;
  readonly mac: string;
  /** `vxlan`, `xfrm`, `veth`, `bridge`; empty for hardware and loopback. */
  readonly kind: string;
  /** Index of the device that it belongs to, such as a bridge; 0 for none. */
  readonly master: number;
  /** A text for people, which the kernel keeps; empty for none. */
  readonly alias: string;
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
  /** Seconds until the device forgets a learned entry that is not used. */
  readonly ageing: number;
  /** The maximum number of FDB entries; 0 for no limit. */
  readonly limit: number;
}

export interface XfrmAttributes {
  readonly ifId: number | undefined;
  /** Index of the device under it, in the namespace that it was created in; 0 for none. */
  readonly underlying: number;
}

/** Counts since the device was created. */
export interface LinkCounters {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Lists every device of the socket's namespace. */
export function listLinks(socket: NetlinkSocket): Link[] {
  return socket
    .dump("list links", (writer) => writer.begin(Rtm.getLink, 0, linkHeaderBytes))
    .flatMap(({ body }) => linkFrom(body) ?? []);
}

/** Finds a device by its name or its index; undefined if there is none. */
export function findLink(socket: NetlinkSocket, which: string | number): Link | undefined {
  const reply = socket.query("find link", (writer) => {
    writer.begin(Rtm.getLink, 0, linkHeaderBytes);
    if (typeof which === "number") writer.u32(4, which);
    else writer.attributeText(Ifla.ifname, which);
  });
  return reply && linkFrom(reply.body);
}

/** Reads the device of an RTM_NEWLINK; undefined for one that is cut short. */
export function linkFrom(body: Buffer): Link | undefined {
  if (body.length < linkHeaderBytes) return undefined;
  const attributes = attributesIn(body, linkHeaderBytes);
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
    alias: textOf(attributes.get(Ifla.alias)),
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
