import { ByteReader, IkeSyntaxError } from "./byte-reader.ts";
import { decodePayloads, encodePayloads, type Payload, type PayloadChain } from "./payload.ts";

/** The header of an IKE message (RFC 7296, section 3.1). SPIs are hexadecimal. */
export interface IkeHeader {
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly exchange: number;
  /** Whether the sender is the one that initiated the IKE SA. */
  readonly fromInitiator: boolean;
  readonly isResponse: boolean;
  readonly messageId: number;
}

export interface IkeMessage {
  readonly header: IkeHeader;
  readonly payloads: readonly Payload[];
}

/** The responder's SPI before the responder has chosen one. */
export const noSpi = "0000000000000000";

const headerBytes = 28;
const version = 0x20;
const flags = { initiator: 0x08, response: 0x20 } as const;

/** Encodes a message that is not encrypted. */
export function encodeMessage({ header, payloads }: IkeMessage): Buffer {
  return encodeFrame(header, encodePayloads(payloads));
}

/** Decodes a message that is not encrypted. @throws {IkeSyntaxError} */
export function decodeMessage(bytes: Buffer): IkeMessage {
  const { header, chain } = decodeFrame(bytes);
  return { header, payloads: decodePayloads(chain) };
}

/** Encodes a header before payloads that are encoded. */
export function encodeFrame(header: IkeHeader, { first, bytes }: PayloadChain): Buffer {
  const frame = Buffer.alloc(headerBytes);
  frame.write(header.initiatorSpi, 0, "hex");
  frame.write(header.responderSpi, 8, "hex");
  frame.writeUInt8(first, 16);
  frame.writeUInt8(version, 17);
  frame.writeUInt8(header.exchange, 18);
  frame.writeUInt8(
    (header.fromInitiator ? flags.initiator : 0) | (header.isResponse ? flags.response : 0),
    19,
  );
  frame.writeUInt32BE(header.messageId, 20);
  frame.writeUInt32BE(headerBytes + bytes.length, 24);
  return Buffer.concat([frame, bytes]);
}

/** Decodes a header, and leaves the payloads encoded. @throws {IkeSyntaxError} */
export function decodeFrame(bytes: Buffer): { header: IkeHeader; chain: PayloadChain } {
  const reader = new ByteReader(bytes);
  const initiatorSpi = reader.take(8).toString("hex");
  const responderSpi = reader.take(8).toString("hex");
  const first = reader.u8();
  const major = reader.u8() >> 4;
  if (major !== version >> 4) throw new IkeSyntaxError(`IKE version ${major}`);
  const exchange = reader.u8();
  const flag = reader.u8();
  const messageId = reader.u32();
  const size = reader.u32();
  if (size !== bytes.length)
    throw new IkeSyntaxError(`${bytes.length} bytes, and the header announces ${size}`);
  const header = {
    initiatorSpi,
    responderSpi,
    exchange,
    fromInitiator: (flag & flags.initiator) !== 0,
    isResponse: (flag & flags.response) !== 0,
    messageId,
  };
  return { header, chain: { first, bytes: reader.rest() } };
}
