import { bytesOf, type Address } from "../../model/net/address.ts";
import { macBytes } from "../../model/net/mac.ts";
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
import { linkHeaderBytes, type Link } from "./links.ts";
import type { Request } from "./socket.ts";
import type { MessageWriter } from "./writer.ts";

/** The device that a request is about. */
type LinkReference = Pick<Link, "index" | "name">;

/** Creates an xfrm interface. It stays bound to the namespace that it is created in. */
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

/** A VXLAN device to create. */
export interface NewVxlan {
  readonly name: string;
  readonly vni: number;
  readonly port: number;
  readonly mac: string;
  readonly mtu: number;
  /** Index of the device under it. */
  readonly underlying: number;
  readonly local: Address;
  readonly learning: false | { readonly most: number };
}

/** Creates a VXLAN device; one that learns where MAC addresses are does not forget them. */
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

/** Creates a bridge. */
export function addBridge(name: string, mtu: number): Request {
  return addLink(
    name,
    "bridge",
    () => {},
    (writer) => writer.attributeU32(Ifla.mtu, mtu),
  );
}

/** Creates a veth pair; its peer is created in the namespace of that descriptor. */
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
        writer.raw(new Uint8Array(linkHeaderBytes));
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
      writer.begin(Rtm.newLink, Nl.create | Nl.excl, linkHeaderBytes);
      writer.attributeText(Ifla.ifname, name);
      common(writer);
      writer.nest(Ifla.linkInfo | Nl.nested, () => {
        writer.attributeText(Ifla.infoKind, kind);
        writer.nest(Ifla.infoData | Nl.nested, () => data(writer));
      });
    },
  };
}

/** A change of a device that exists. */
export interface LinkChange {
  readonly up?: boolean;
  /** The kernel removes the device's neighbours when this changes. */
  readonly arp?: boolean;
  readonly mtu?: number;
  /** The most packets that wait in it. */
  readonly queueLength?: number;
  readonly mac?: string;
  /** Index of the bridge that it joins. */
  readonly master?: number;
  /** A text for people, at most 255 bytes. */
  readonly alias?: string;
  /** The namespace that it moves to, as an open descriptor. */
  readonly namespaceFd?: number;
  /** Stops IPv6 from generating an address for it, and so from soliciting routers. */
  readonly unaddressed?: boolean;
}

/** Changes a device. */
export function changeLink(link: LinkReference, change: LinkChange): Request {
  return {
    op: `set link ${link.name}`,
    write: (writer) => {
      writer.begin(Rtm.newLink, 0, linkHeaderBytes).u32(4, link.index);
      const { flags, mask } = flagsOf(change);
      writer.u32(8, flags).u32(12, mask);
      if (change.mtu !== undefined) writer.attributeU32(Ifla.mtu, change.mtu);
      if (change.queueLength !== undefined)
        writer.attributeU32(Ifla.txQueueLength, change.queueLength);
      if (change.mac !== undefined) writer.attribute(Ifla.address, macBytes(change.mac));
      if (change.master !== undefined) writer.attributeU32(Ifla.master, change.master);
      if (change.alias !== undefined) writer.attributeText(Ifla.alias, change.alias);
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

/** The values of the flags that change, and which ones change. */
function flagsOf({ up, arp }: LinkChange): { readonly flags: number; readonly mask: number } {
  const flags = (up === true ? iffUp : 0) | (arp === false ? iffNoArp : 0);
  const mask = (up === undefined ? 0 : iffUp) | (arp === undefined ? 0 : iffNoArp);
  return { flags, mask };
}

/** Deletes a device; one that does not exist is not an error. */
export function deleteLink(link: LinkReference): Request {
  return {
    op: `delete link ${link.name}`,
    tolerate: ["ENODEV"],
    write: (writer) => writer.begin(Rtm.delLink, 0, linkHeaderBytes).u32(4, link.index),
  };
}
