import { ByteReader, IkeSyntaxError } from "./byte-reader.ts";

/** One algorithm (RFC 7296, section 3.3.2). */
export interface OfferedTransform {
  readonly type: number;
  readonly id: number;
  readonly keyBits: number | undefined;
}

/** Algorithms for one protocol, with the SPI of the sender (section 3.3.1). */
export interface SaProposal {
  readonly number: number;
  readonly protocol: number;
  readonly spi: Buffer;
  readonly transforms: readonly OfferedTransform[];
}

/** The first byte of a proposal or transform that another one follows. */
const more = { proposal: 2, transform: 3 } as const;

/** The attribute "key length" in the short form. */
const keyLength = 0x8000 | 14;

export function encodeProposals(proposals: readonly SaProposal[]): Buffer {
  return joined(more.proposal, proposals.map(encodeProposal));
}

function encodeProposal({ number, protocol, spi, transforms }: SaProposal): Buffer {
  const header = Buffer.from([number, protocol, spi.length, transforms.length]);
  return Buffer.concat([header, spi, joined(more.transform, transforms.map(encodeTransform))]);
}

function encodeTransform({ type, id, keyBits }: OfferedTransform): Buffer {
  const bytes = Buffer.alloc(keyBits === undefined ? 4 : 8);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(id, 2);
  if (keyBits !== undefined) {
    bytes.writeUInt16BE(keyLength, 4);
    bytes.writeUInt16BE(keyBits, 6);
  }
  return bytes;
}

/** Joins substructures, each with whether another one follows, and its length. */
function joined(mark: number, bodies: readonly Buffer[]): Buffer {
  return Buffer.concat(
    bodies.flatMap((body, i) => {
      const header = Buffer.alloc(4);
      header.writeUInt8(i === bodies.length - 1 ? 0 : mark, 0);
      header.writeUInt16BE(header.length + body.length, 2);
      return [header, body];
    }),
  );
}

/** @throws {IkeSyntaxError} */
export function decodeProposals(bytes: Buffer): SaProposal[] {
  return separated(more.proposal, bytes).map(decodeProposal);
}

function decodeProposal(bytes: Buffer): SaProposal {
  const reader = new ByteReader(bytes);
  const number = reader.u8();
  const protocol = reader.u8();
  const spiBytes = reader.u8();
  const count = reader.u8();
  const spi = reader.take(spiBytes);
  const transforms = separated(more.transform, reader.rest()).map(decodeTransform);
  if (transforms.length !== count)
    throw new IkeSyntaxError(`${transforms.length} transforms, and ${count} are announced`);
  return { number, protocol, spi, transforms };
}

function decodeTransform(bytes: Buffer): OfferedTransform {
  const reader = new ByteReader(bytes);
  const type = reader.u8();
  reader.u8();
  const id = reader.u16();
  if (reader.left === 0) return { type, id, keyBits: undefined };
  const attribute = reader.u16();
  if (attribute !== keyLength) throw new IkeSyntaxError(`unknown attribute ${attribute}`);
  const keyBits = reader.u16();
  reader.end();
  return { type, id, keyBits };
}

function separated(mark: number, bytes: Buffer): Buffer[] {
  const reader = new ByteReader(bytes);
  const found: Buffer[] = [];
  for (;;) {
    const follows = reader.u8();
    reader.u8();
    found.push(reader.take(reader.u16() - 4));
    if (follows === 0) break;
    if (follows !== mark) throw new IkeSyntaxError(`${follows} in place of 0 or ${mark}`);
  }
  reader.end();
  return found;
}
