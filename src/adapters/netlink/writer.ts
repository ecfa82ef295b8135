import { Nl } from "../linux/constants.ts";

const headerBytes = 16;

/**
 * Builds netlink messages one after the other in one buffer, in host byte order (little
 * endian on every machine that Node runs on). Attributes are padded to four bytes.
 */
export class MessageWriter {
  #bytes = Buffer.alloc(4096);
  #length = 0;
  #start = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far; valid until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }

  /** Begins a message; `end` closes it. `payload` is the family's fixed header, in bytes. */
  begin(type: number, flags: number, payload: number): this {
    this.#start = this.#length;
    this.#reserve(headerBytes + payload);
    this.#bytes.fill(0, this.#start, this.#start + headerBytes + payload);
    this.#bytes.writeUInt16LE(type, this.#start + 4);
    this.#bytes.writeUInt16LE(flags | Nl.request, this.#start + 6);
    this.#length = this.#start + headerBytes + payload;
    return this;
  }

  /** Writes the length and the sequence number of the message that `begin` began. */
  end(sequence: number): void {
    this.#bytes.writeUInt32LE(this.#length - this.#start, this.#start);
    this.#bytes.writeUInt32LE(sequence, this.#start + 8);
    this.#pad();
  }

  /** Adds flags to the message that `begin` began last. */
  flag(flags: number): void {
    const at = this.#start + 6;
    this.#bytes.writeUInt16LE(this.#bytes.readUInt16LE(at) | flags, at);
  }

  /** Fields of the fixed header, by their offset in it. */
  u8(offset: number, value: number): this {
    this.#bytes.writeUInt8(value, this.#start + headerBytes + offset);
    return this;
  }

  u16(offset: number, value: number): this {
    this.#bytes.writeUInt16LE(value, this.#start + headerBytes + offset);
    return this;
  }

  u32(offset: number, value: number): this {
    this.#bytes.writeUInt32LE(value >>> 0, this.#start + headerBytes + offset);
    return this;
  }

  /** Bytes of the fixed header, from an offset in it. */
  fill(offset: number, value: Uint8Array): this {
    this.#bytes.set(value, this.#start + headerBytes + offset);
    return this;
  }

  attribute(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    this.#bytes.set(value, at);
    this.#pad();
    return this;
  }

  attributeU8(type: number, value: number): this {
    this.#bytes.writeUInt8(value, this.#attribute(type, 1));
    this.#pad();
    return this;
  }

  attributeU32(type: number, value: number): this {
    this.#bytes.writeUInt32LE(value >>> 0, this.#attribute(type, 4));
    return this;
  }

  attributeU16Be(type: number, value: number): this {
    this.#bytes.writeUInt16BE(value, this.#attribute(type, 2));
    this.#pad();
    return this;
  }

  /** An attribute of text, with the zero byte that ends it. */
  attributeText(type: number, value: string): this {
    return this.attribute(type, Buffer.from(`${value}\0`));
  }

  /** An attribute whose value is written by `fill`. */
  nest(type: number, fill: () => void): this {
    const at = this.#attribute(type, 0) - 4;
    fill();
    this.#bytes.writeUInt16LE(this.#length - at, at);
    return this;
  }

  /** Raw bytes inside a nest, such as the fixed header of a nested message. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  #attribute(type: number, size: number): number {
    this.#reserve(4 + size + 4);
    const at = this.#length;
    this.#bytes.writeUInt16LE(4 + size, at);
    this.#bytes.writeUInt16LE(type, at + 2);
    this.#length = at + 4 + size;
    return at + 4;
  }

  #pad(): void {
    this.#reserve(4);
    while (this.#length % 4 !== 0) this.#bytes[this.#length++] = 0;
  }

  #reserve(size: number): void {
    const wanted = this.#length + size;
    if (wanted <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(wanted, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
