import { decodeMessage, type DecodeOptions } from "./decode.ts";
import { writeMessage } from "./encode.ts";
import { ViciError } from "./errors.ts";
import { maxPacketBytes, type Message } from "./message.ts";
import { Writer } from "./writer.ts";

/** The packet types of the protocol. Source: strongSwan, vici/README.md, "Packet layer". */
export const PacketType = {
  commandRequest: 0,
  commandResponse: 1,
  commandUnknown: 2,
  eventRegister: 3,
  eventUnregister: 4,
  eventConfirm: 5,
  eventUnknown: 6,
  event: 7,
} as const;

export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** A packet as it was received; its message is decoded on demand. */
export interface Packet {
  readonly type: PacketType;
  /** The name of the command or the event; empty for types without a name. */
  readonly name: string;
  message(options?: DecodeOptions): Message;
}

const named: ReadonlySet<number> = new Set([
  PacketType.commandRequest,
  PacketType.eventRegister,
  PacketType.eventUnregister,
  PacketType.event,
]);

const writer = new Writer();
const lengthBytes = 4;

/**
 * Encodes a packet with its length prefix.
 *
 * @param name for the types that have one
 * @throws {ViciError} `too-large` above 512 KiB
 */
export function encodePacket(type: PacketType, name?: string, message?: Message): Uint8Array {
  writer.reset();
  for (let i = 0; i < lengthBytes; i++) writer.byte(0);
  writer.byte(type);
  if (name !== undefined) writer.name(name);
  if (message !== undefined) writeMessage(writer, message);
  const frame = writer.copy();
  const size = frame.length - lengthBytes;
  if (size > maxPacketBytes) {
    // charon closes the connection without a reply when it receives such a packet.
    throw new ViciError(
      name ?? "encode",
      "too-large",
      `a packet of ${size} bytes is longer than 512 KiB`,
    );
  }
  new DataView(frame.buffer, frame.byteOffset).setUint32(0, size);
  return frame;
}

/**
 * Decodes the packet in a frame without its length prefix.
 *
 * @throws {ViciError} `malformed` for an empty frame or a type that VICI does not have
 */
export function decodePacket(frame: Uint8Array): Packet {
  const type = frame[0];
  if (type === undefined || type > PacketType.event) {
    throw new ViciError("decode", "malformed", `packet type ${type} does not exist`);
  }
  const hasName = named.has(type);
  const nameSize = hasName ? frame[1] : 0;
  const start = hasName ? 2 + (nameSize ?? 0) : 1;
  if (nameSize === undefined || start > frame.length) {
    throw new ViciError("decode", "malformed", "the packet ends inside its name");
  }
  const name = hasName ? new TextDecoder().decode(frame.subarray(2, start)) : "";
  return {
    type: type as PacketType,
    name,
    message: (options) => decodeMessage(frame.subarray(start), options),
  };
}
