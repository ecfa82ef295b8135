import { bytesOf } from "../../model/net/address.ts";
import type { Prefix } from "../../model/net/prefix.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import { familyNumber, Ifa, Nl, Rtm } from "../linux/constants.ts";
import { addressOf, attributesIn } from "./reader.ts";
import type { NetlinkSocket, Request } from "./socket.ts";

const headerBytes = 8; // struct ifaddrmsg

/** An address of a device. */
export interface LinkAddress {
  readonly linkIndex: number;
  readonly prefix: Prefix;
  /** 253 and above: not for use beyond the link. */
  readonly scope: number;
}

/** Every address of the socket's namespace, of both families. */
export function listAddresses(socket: NetlinkSocket): LinkAddress[] {
  return socket
    .dump("list addresses", (writer) => writer.begin(Rtm.getAddr, 0, headerBytes))
    .flatMap(({ body }) => addressFrom(body) ?? []);
}

/** The address of an RTM_NEWADDR; undefined for a cut one. */
export function addressFrom(body: Buffer): LinkAddress | undefined {
  if (body.length < headerBytes) return undefined;
  const attributes = attributesIn(body, headerBytes);
  const address = addressOf(attributes.get(Ifa.local) ?? attributes.get(Ifa.address));
  if (address === undefined) return undefined;
  const prefix = { address, length: body.readUInt8(1) };
  return { linkIndex: body.readUInt32LE(4), prefix, scope: body.readUInt8(3) };
}

/** The address without the route that would come with it: routes are planned one by one. */
export function addAddress(linkIndex: number, prefix: Prefix): Request {
  return addressRequest("add", Rtm.newAddr, Nl.create | Nl.replace, linkIndex, prefix, []);
}

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
      // Nobody else can have the address, so IPv6 need not ask around first.
      if (type === Rtm.newAddr) writer.attributeU32(Ifa.flags, Ifa.noprefixroute | Ifa.nodad);
    },
  };
}
