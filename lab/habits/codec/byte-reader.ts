/** Bytes that are not a valid IKE message. */
export class IkeSyntaxError extends Error {
  override readonly name = "IkeSyntaxError";
}

/** Reads numbers in network byte order and byte strings. A read past the end is an error. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The number of bytes that were not read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.take(1).readUInt8();
  }

  u16(): number {
    return this.take(2).readUInt16BE();
  }

  u32(): number {
    return this.take(4).readUInt32BE();
  }

  /** @throws {IkeSyntaxError} if fewer bytes are left */
  take(size: number): Buffer {
    if (size < 0 || size > this.left)
      throw new IkeSyntaxError(`${size} bytes expected, ${this.left} left`);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  rest(): Buffer {
    return this.take(this.left);
  }

  /** @throws {IkeSyntaxError} if bytes are left */
  end(): void {
    if (this.left > 0) throw new IkeSyntaxError(`${this.left} bytes after the end`);
  }
}
