import { flowIn } from "../../../src/adapters/conntrack/flow.ts";
import { attributesIn, type NetlinkMessage } from "../../../src/adapters/netlink/reader.ts";
import { encodeBody } from "./encode.ts";
import type { SimulatedNamespace } from "./namespace.ts";
import type { Answer } from "./transport.ts";

// netfilter/nfnetlink.h, nfnetlink_conntrack.h
export const trackingSubsystem = 1;
const message = { new: 0, get: 1, delete: 2, statistics: 5 };
const headerBytes = 4; // struct nfgenmsg
const attributeId = 12;
const most = 262_144;

/** Answers a request about tracked connections like Linux before 5.8, which ignores filters. */
export function answerTracking(request: NetlinkMessage, namespace: SimulatedNamespace): Answer {
  if (namespace.trackingError !== undefined) return { code: namespace.trackingError };
  const type = (kind: number) => (trackingSubsystem << 8) | kind;
  switch (request.type & 0xff) {
    case message.get:
      return { type: type(message.new), bodies: namespace.flows };
    case message.delete: {
      const id = attributesIn(request.body, headerBytes).get(attributeId);
      const isOther = (body: Buffer) => !flowIn(body)?.id.equals(id ?? Buffer.alloc(0));
      const rest = namespace.flows.filter(isOther);
      if (rest.length === namespace.flows.length) return { code: "ENOENT" };
      namespace.flows = rest;
      return "done";
    }
    case message.statistics: {
      const body = encodeBody(headerBytes, (writer) => {
        for (const [index, value] of [namespace.flows.length, most].entries())
          writer.attribute(index + 1, bigEndian(value));
      });
      return { type: request.type, bodies: [body] };
    }
    default:
      return { code: "EOPNOTSUPP" };
  }
}

/** Encodes a UDP flow as the kernel lists it. */
export function flowBody(
  id: number,
  ends: { readonly to: string; readonly port: number; readonly backend: string },
): Buffer {
  const tuple = (source: string, sourcePort: number, to: string, port: number) =>
    encodeBody(0, (writer) => {
      writer.nest(1, () => {
        writer.attribute(1, ipv4(source)).attribute(2, ipv4(to));
      });
      writer.nest(2, () => {
        writer.attributeU8(1, 17).attributeU16Be(2, sourcePort).attributeU16Be(3, port);
      });
    });
  const client = ["10.0.1.7", 40_000] as const;
  return encodeBody(headerBytes, (writer) => {
    writer
      .attribute(1, tuple(...client, ends.to, ends.port))
      .attribute(2, tuple(ends.backend, 80, ...client))
      .attribute(attributeId, bigEndian(id));
  });
}

function ipv4(text: string): Buffer {
  return Buffer.from(text.split(".").map(Number));
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
