import { bytesOf, type Address } from "../../model/net/address.ts";
import type { FlowEnd } from "../../model/rules/tracking-plan.ts";
import { Nl } from "../linux/constants.ts";
import { addressOf, attributesIn, u16BeOf } from "../netlink/reader.ts";
import type { Request } from "../netlink/socket.ts";
import type { MessageWriter } from "../netlink/writer.ts";

/** A tracked flow by UDP. */
export interface Flow {
  /** The place to which its first packet was sent. */
  readonly to: FlowEnd;
  /** The host that answers. */
  readonly backend: FlowEnd;
  /** The client's address as that host sees it. */
  readonly source: Address;
  /** The kernel's own description of its first packet. */
  readonly original: Buffer;
  /** Differs from that of a later flow with the same ends. */
  readonly id: Buffer;
}

// linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h
const subsystem = 1;
const kinds = { get: 1, delete: 2, statistics: 5 } as const;
/** struct nfgenmsg: the family, a version, and a number. */
export const headerBytes = 4;
const families = { 4: 2, 6: 10 } as const;
const attribute = { original: 1, reply: 2, id: 12, filter: 25 };
const tuple = { ip: 1, proto: 2 };
const ip = { 4: { source: 1, destination: 2 }, 6: { source: 3, destination: 4 } } as const;
const proto = { number: 1, source: 2, destination: 3 };
const filterFlags = { type: 1, destination: 1 << 1, protocol: 1 << 3, destinationPort: 1 << 5 };
const udp = 17;

/** Begins a message about tracked connections. */
export function beginMessage(
  writer: MessageWriter,
  kind: keyof typeof kinds,
  family: keyof typeof families | undefined,
): MessageWriter {
  const number = family === undefined ? 0 : families[family];
  return writer.begin((subsystem << 8) | kinds[kind], 0, headerBytes).u8(0, number);
}

/**
 * Writes a request for the flows by UDP to a place; the answer has others as well, since a kernel before
 * 5.8 ignores the filter, and IPv6 addresses are not in it.
 */
export function writeFlowsTo(writer: MessageWriter, { address, port }: FlowEnd): void {
  const { family } = address;
  const { type, destination, protocol, destinationPort } = filterFlags;
  // The kernel compares IPv6 addresses the wrong way round: it leaves out the equal ones.
  const byAddress = family === 4 ? destination : 0;
  beginMessage(writer, "get", family)
    .nest(attribute.original | Nl.nested, () => {
      writer.nest(tuple.ip | Nl.nested, () => {
        writer.attribute(ip[family].destination, bytesOf(address));
      });
      writer.nest(tuple.proto | Nl.nested, () => {
        writer.attributeU8(proto.number, udp).attributeU16Be(proto.destination, port);
      });
    })
    .nest(attribute.filter | Nl.nested, () => {
      writer.attributeU32(type, byAddress | protocol | destinationPort);
    });
}

/** Writes a request for all flows of a family. */
export function writeFlows(writer: MessageWriter, family: keyof typeof families): void {
  beginMessage(writer, "get", family);
}

/** Reads a tracked flow; undefined for one of another protocol, or if it is incomplete. */
export function flowIn(body: Buffer): Flow | undefined {
  const attributes = attributesIn(body, headerBytes);
  const original = attributes.get(attribute.original);
  const id = attributes.get(attribute.id);
  if (original === undefined || id?.length !== 4) return undefined;
  const to = endIn(original, "destination");
  const backend = endIn(attributes.get(attribute.reply), "source");
  const client = endIn(attributes.get(attribute.reply), "destination");
  if (to === undefined || backend === undefined || client === undefined) return undefined;
  return { to, backend, source: client.address, original, id };
}

function endIn(bytes: Buffer | undefined, side: "source" | "destination"): FlowEnd | undefined {
  if (bytes === undefined) return undefined;
  const attributes = attributesIn(bytes);
  const addresses = attributesIn(attributes.get(tuple.ip) ?? Buffer.alloc(0));
  const ports = attributesIn(attributes.get(tuple.proto) ?? Buffer.alloc(0));
  if (ports.get(proto.number)?.[0] !== udp) return undefined;
  const address = addressOf(addresses.get(ip[4][side]) ?? addresses.get(ip[6][side]));
  const port = u16BeOf(ports.get(proto[side]));
  return address === undefined || port === undefined ? undefined : { address, port };
}

/** Removes a flow, unless it has ended, or another one has the same ends since. */
export function deleteFlow({ original, id, to }: Flow): Request {
  return {
    op: "delete a tracked flow",
    tolerate: ["ENOENT"],
    write: (writer) => {
      beginMessage(writer, "delete", to.address.family)
        .attribute(attribute.original | Nl.nested, original)
        .attribute(attribute.id, id);
    },
  };
}
