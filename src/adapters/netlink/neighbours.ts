import { bytesOf, formatAddress, type Address } from "../../model/address.ts";
import { anyMac } from "../../model/network-plan.ts";
import { familyNumber, Nda, Nl, Rtm, Sock } from "./constants.ts";
import { macBytes, macText } from "./links.ts";
import { addressOf, attributesIn, type NetlinkMessage } from "./reader.ts";
import type { NetlinkSocket, Request } from "./socket.ts";

const headerBytes = 12; // struct ndmsg

/** A permanent entry: of the ARP or NDP table, or of a forwarding database. */
export interface Neighbour {
  readonly linkIndex: number;
  /** The neighbour's address; in a forwarding database the VTEP. */
  readonly address: Address;
  readonly mac: string;
}

/** The permanent entries of the ARP and NDP tables. */
export function listNeighbours(socket: NetlinkSocket): Neighbour[] {
  return [Sock.afInet, Sock.afInet6].flatMap((family) => dump(socket, "list neighbours", family));
}

/** The permanent entries of the forwarding databases of VXLAN devices. */
export function listFdb(socket: NetlinkSocket): Neighbour[] {
  return dump(socket, "list FDB entries", Sock.afBridge);
}

function dump(socket: NetlinkSocket, op: string, family: number): Neighbour[] {
  return socket
    .dump(op, (writer) => writer.begin(Rtm.getNeigh, 0, headerBytes).u8(0, family))
    .flatMap(({ body }) => neighbourFrom(body) ?? []);
}

/** The entry of an RTM_NEWNEIGH; undefined for one that is not permanent, or cut. */
export function neighbourFrom(body: Buffer): Neighbour | undefined {
  if (body.length < headerBytes || (body.readUInt16LE(8) & Nda.permanent) === 0) return undefined;
  const attributes = attributesIn(body, headerBytes);
  const address = addressOf(attributes.get(Nda.dst));
  const mac = attributes.get(Nda.lladdr);
  if (address === undefined || mac === undefined) return undefined;
  return {
    linkIndex: body.readInt32LE(4),
    address,
    mac: macText(mac),
  };
}

export function replaceNeighbour(entry: Neighbour): Request {
  return request(`set neighbour ${formatAddress(entry.address)}`, {
    type: Rtm.newNeigh,
    flags: Nl.create | Nl.replace,
    family: familyNumber(entry.address.family),
    entry,
  });
}

export function deleteNeighbour(entry: Neighbour): Request {
  return request(`delete neighbour ${formatAddress(entry.address)}`, {
    type: Rtm.delNeigh,
    flags: 0,
    family: familyNumber(entry.address.family),
    entry,
  });
}

/**
 * An FDB entry. The all-zero MAC has one per VTEP and is appended; any other MAC has one
 * VTEP, which is replaced (an append would report success and change nothing).
 */
export function replaceFdb(entry: Neighbour): Request {
  return request(`set FDB entry ${entry.mac} to ${formatAddress(entry.address)}`, {
    type: Rtm.newNeigh,
    flags: Nl.create | (entry.mac === anyMac ? Nl.append : Nl.replace),
    family: Sock.afBridge,
    entry,
  });
}

export function deleteFdb(entry: Neighbour): Request {
  return request(`delete FDB entry ${entry.mac} to ${formatAddress(entry.address)}`, {
    type: Rtm.delNeigh,
    flags: 0,
    family: Sock.afBridge,
    entry,
  });
}

interface NeighbourRequest {
  readonly type: number;
  readonly flags: number;
  readonly family: number;
  readonly entry: Neighbour;
}

function request(op: string, { type, flags, family, entry }: NeighbourRequest): Request {
  const address = bytesOf(entry.address);
  const mac = macBytes(entry.mac);
  return {
    op,
    tolerate: type === Rtm.delNeigh ? ["ENOENT", "ENODEV"] : [],
    write: (writer) => {
      writer
        .begin(type, flags, headerBytes)
        .u8(0, family)
        .u32(4, entry.linkIndex)
        .u16(8, Nda.permanent)
        .u8(10, family === Sock.afBridge ? Nda.self : 0)
        .attribute(Nda.dst, address)
        .attribute(Nda.lladdr, mac);
    },
  };
}

/**
 * True for news of entries that come and go by themselves: resolved, learnt, of multicast.
 * None of them is ours: those are permanent. One of ours that somebody deletes has failed by
 * the time it is told of, as have those that nobody answered for: that is no proof.
 */
export function isPassingNeighbour({ type, body }: NetlinkMessage): boolean {
  if (body.length < headerBytes) return false;
  const state = body.readUInt16LE(8);
  if (type === Rtm.newNeigh) return (state & Nda.permanent) === 0;
  return type === Rtm.delNeigh && (state & (Nda.permanent | Nda.failed)) === 0;
}
