import { bytesOf, sameAddress, type Address } from "../../model/net/address.ts";
import { formatPrefix, type Prefix } from "../../model/net/prefix.ts";
import { familyNumber, Ifa, Nl, Rtm } from "../linux/constants.ts";
import { addressOf, attributesIn } from "./reader.ts";
import { linuxNetlink } from "../linux/netlink-transport.ts";
import { NetlinkSocket, type Request } from "./socket.ts";

const headerBytes = 8; // struct ifaddrmsg

/** An address of a device. */
export interface LinkAddress {
  readonly linkIndex: number;
  readonly prefix: Prefix;
  /** From 253 on, the address is not valid beyond the link. */
  readonly scope: number;
  /** The number of the program that added the address, if it gave one and the kernel keeps it. */
  readonly origin?: number;
}

/** Lists every address of the socket's namespace, of both families. */
export function listAddresses(socket: NetlinkSocket): LinkAddress[] {
  return socket
    .dump("list addresses", (writer) => writer.begin(Rtm.getAddr, 0, headerBytes))
    .flatMap(({ body }) => addressFrom(body) ?? []);
}

/**
 * Whether a namespace has an address on one of its devices.
 *
 * @param namespace a path; undefined for the process's own
 */
export function hasAddress(
  namespace: string | undefined,
  address: Address,
  transport = linuxNetlink,
): boolean {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  return listAddresses(socket).some(({ prefix }) => sameAddress(prefix.address, address));
}

/** Reads the address of an RTM_NEWADDR; undefined for one that is cut short. */
export function addressFrom(body: Buffer): LinkAddress | undefined {
  if (body.length < headerBytes) return undefined;
  const attributes = attributesIn(body, headerBytes);
  const address = addressOf(attributes.get(Ifa.local) ?? attributes.get(Ifa.address));
  if (address === undefined) return undefined;
  const prefix = { address, length: body.readUInt8(1) };
  const origin = attributes.get(Ifa.origin)?.readUInt8(0);
  return {
    linkIndex: body.readUInt32LE(4),
    prefix,
    scope: body.readUInt8(3),
    ...(origin !== undefined && { origin }),
  };
}

/**
 * Adds an address without the route that the kernel would add: routes are planned one by one.
 *
 * @param origin marks the address as that of a program
 */
export function addAddress(linkIndex: number, prefix: Prefix, origin?: number): Request {
  const add = addressRequest("add", Rtm.newAddr, Nl.create | Nl.replace, linkIndex, prefix, []);
  if (origin === undefined) return add;
  return {
    ...add,
    write: (writer) => {
      add.write(writer);
      writer.attributeU8(Ifa.origin, origin);
    },
  };
}

/** Deletes an address; one that does not exist is not an error. */
export function deleteAddress(linkIndex: number, prefix: Prefix): Request {
  return addressRequest("delete", Rtm.delAddr, 0, linkIndex, prefix, ["EADDRNOTAVAIL", "ENODEV"]);
}

function addressRequest(
  verb: string,
  type: number,
  flags: number,
  linkIndex: number,
  prefix: Prefix,
  tolerate: string[],
): Request {
  const { family } = prefix.address;
  const bytes = bytesOf(prefix.address);
  return {
    op: `${verb} address ${formatPrefix(prefix)}`,
    tolerate,
    write: (writer) => {
      writer
        .begin(type, flags, headerBytes)
        .u8(0, familyNumber(family))
        .u8(1, prefix.length)
        .u32(4, linkIndex)
        .attribute(Ifa.local, bytes)
        .attribute(Ifa.address, bytes);
      // No other node can have the address, so IPv6 need not detect duplicates first.
      if (type === Rtm.newAddr) writer.attributeU32(Ifa.flags, Ifa.noprefixroute | Ifa.nodad);
    },
  };
}
