import { bytesOf, formatAddress, type Address } from "../../model/net/address.ts";
import { macBytes, macText } from "../../model/net/mac.ts";
import { familyNumber, Nda, Nl, Rtm, Sock } from "../linux/constants.ts";
import { addressOf, attributesIn, type NetlinkMessage } from "./reader.ts";
import type { NetlinkSocket, Request } from "./socket.ts";
import type { MessageWriter } from "./writer.ts";

const headerBytes = 12; // struct ndmsg

/** An entry that a program set: of the ARP or NDP table, or of a forwarding database. */
export interface Neighbour {
  readonly linkIndex: number;
  /** The neighbour's address; in a forwarding database the VTEP. */
  readonly address: Address;
  readonly mac: string;
  /** Whether the device may learn another VTEP for it (forwarding databases only). */
  readonly moves: boolean;
}

/** Lists the permanent entries of a device's ARP and NDP tables. */
export function listNeighbours(socket: NetlinkSocket, linkIndex: number): Neighbour[] {
  return [Sock.afInet, Sock.afInet6].flatMap((family) =>
    dump(socket, "list neighbours", (writer) =>
      writer.u8(0, family).attributeU32(Nda.ifindex, linkIndex),
    ),
  );
}

/** Lists the entries of a VXLAN device's forwarding database that the device did not learn. */
export function listFdb(socket: NetlinkSocket, linkIndex: number): Neighbour[] {
  return dump(socket, "list FDB entries", (writer) =>
    writer.u8(0, Sock.afBridge).u32(4, linkIndex),
  );
}

/** Lists entries. The kernel filters them by device, since others may have very many. */
function dump(
  socket: NetlinkSocket,
  op: string,
  filter: (writer: MessageWriter) => void,
): Neighbour[] {
  return socket
    .dump(op, (writer) => filter(writer.begin(Rtm.getNeigh, 0, headerBytes)))
    .flatMap(({ body }) => neighbourFrom(body) ?? []);
}

/** Reads the entry of an RTM_NEWNEIGH; undefined for one that the kernel learned, or that is cut short. */
export function neighbourFrom(body: Buffer): Neighbour | undefined {
  if (body.length < headerBytes) return undefined;
  const moves = (body.readUInt8(10) & Nda.extLearned) !== 0;
  if (!moves && (body.readUInt16LE(8) & Nda.permanent) === 0) return undefined;
  const attributes = attributesIn(body, headerBytes);
  const address = addressOf(attributes.get(Nda.dst));
  const mac = attributes.get(Nda.lladdr);
  if (address === undefined || mac === undefined) return undefined;
  return {
    linkIndex: body.readInt32LE(4),
    address,
    mac: macText(mac),
    moves,
  };
}

/** Adds an entry, or replaces the one for the same address. */
export function replaceNeighbour(entry: Neighbour): Request {
  return request(`set neighbour ${formatAddress(entry.address)}`, {
    type: Rtm.newNeigh,
    flags: Nl.create | Nl.replace,
    family: familyNumber(entry.address.family),
    entry,
  });
}

/** Deletes an entry; one that does not exist is not an error. */
export function deleteNeighbour(entry: Neighbour): Request {
  return request(`delete neighbour ${formatAddress(entry.address)}`, {
    type: Rtm.delNeigh,
    flags: 0,
    family: familyNumber(entry.address.family),
    entry,
  });
}

/** Adds an FDB entry, or replaces the MAC address's only VTEP (an append would change nothing). */
export function replaceFdb(entry: Neighbour): Request {
  return request(`set FDB entry ${entry.mac} to ${formatAddress(entry.address)}`, {
    type: Rtm.newNeigh,
    flags: Nl.create | Nl.replace,
    family: Sock.afBridge,
    entry,
  });
}

/** Deletes an FDB entry; one that does not exist is not an error. */
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
        .u16(8, entry.moves ? Nda.reachable : Nda.permanent)
        .u8(10, (family === Sock.afBridge ? Nda.self : 0) | (entry.moves ? Nda.extLearned : 0))
        .attribute(Nda.dst, address)
        .attribute(Nda.lladdr, mac);
    },
  };
}

/**
 * True for an event of an entry that the kernel adds and removes by itself: resolved, learned, or
 * of multicast. ipman's entries are permanent. An entry in the state `failed` may be either: a
 * permanent one is reported so when it is deleted, and a resolved one when no answer came.
 */
export function isKernelNeighbour({ type, body }: NetlinkMessage): boolean {
  if (body.length < headerBytes) return false;
  const state = body.readUInt16LE(8);
  if (type === Rtm.newNeigh) return (state & Nda.permanent) === 0;
  return type === Rtm.delNeigh && (state & (Nda.permanent | Nda.failed)) === 0;
}
