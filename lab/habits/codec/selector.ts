import {
  addressFromBytes,
  bytesOf,
  formatAddress,
  parseAddress,
} from "../../../src/model/net/address.ts";
import { intervalOf, parsePrefix } from "../../../src/model/net/prefix.ts";
import { ByteReader, IkeSyntaxError } from "./byte-reader.ts";

/** A range of addresses and ports (RFC 7296, section 3.13.1). */
export interface TrafficSelector {
  /** The IP protocol; 0 for all. */
  readonly protocol: number;
  readonly firstPort: number;
  readonly lastPort: number;
  readonly first: string;
  readonly last: string;
}

/** Types of selectors, with the bytes of an address. */
const addressBytes: ReadonlyMap<number, number> = new Map([
  [7, 4],
  [8, 16],
]);

/** The selector of a network, for all protocols and ports. */
export function selectorOf(network: string): TrafficSelector {
  const prefix = parsePrefix(network);
  if (prefix === undefined) throw new Error(`"${network}" is not a network`);
  const { family, first, last } = intervalOf(prefix);
  return {
    protocol: 0,
    firstPort: 0,
    lastPort: 0xffff,
    first: formatAddress({ family, value: first }),
    last: formatAddress({ family, value: last }),
  };
}

export function encodeSelectors(selectors: readonly TrafficSelector[]): Buffer {
  return Buffer.concat([Buffer.from([selectors.length, 0, 0, 0]), ...selectors.map(encoded)]);
}

function encoded({ protocol, firstPort, lastPort, first, last }: TrafficSelector): Buffer {
  const addresses = Buffer.concat([first, last].map(bytesOfText));
  const header = Buffer.alloc(8);
  header.writeUInt8(addresses.length === 8 ? 7 : 8, 0);
  header.writeUInt8(protocol, 1);
  header.writeUInt16BE(header.length + addresses.length, 2);
  header.writeUInt16BE(firstPort, 4);
  header.writeUInt16BE(lastPort, 6);
  return Buffer.concat([header, addresses]);
}

function bytesOfText(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`"${text}" is not an address`);
  return bytesOf(address);
}

/** @throws {IkeSyntaxError} */
export function decodeSelectors(bytes: Buffer): TrafficSelector[] {
  const reader = new ByteReader(bytes);
  const count = reader.u8();
  reader.take(3);
  const selectors = Array.from({ length: count }, () => decoded(reader));
  reader.end();
  return selectors;
}

function decoded(reader: ByteReader): TrafficSelector {
  const type = reader.u8();
  const protocol = reader.u8();
  const body = new ByteReader(reader.take(reader.u16() - 4));
  const size = addressBytes.get(type);
  if (size === undefined) throw new IkeSyntaxError(`unknown type of traffic selector: ${type}`);
  const firstPort = body.u16();
  const lastPort = body.u16();
  const first = textOf(body.take(size));
  const last = textOf(body.take(size));
  body.end();
  return { protocol, firstPort, lastPort, first, last };
}

function textOf(bytes: Buffer): string {
  return formatAddress(addressFromBytes(bytes));
}
