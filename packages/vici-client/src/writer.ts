import { ViciError } from "./errors.ts";
import { maxNameBytes, maxPacketBytes, maxValueBytes, type Value } from "./message.ts";

// Below this length a loop over char codes is faster than the call into C++.
const nativeFrom = 48;

/**
 * Appends elements to a buffer that grows. A writer can be used for many messages: `reset` empties
 * it, `copy` returns the bytes that were written.
 */
export class Writer {
  #bytes = Buffer.allocUnsafeSlow(4096);
  #length = 0;

  reset(): void {
    this.#length = 0;
  }

  copy(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A name: its length in one byte, then UTF-8. */
  name(text: string): void {
    this.#reserve(1 + text.length * 3);
    const at = this.#length;
    const size = this.#text(at + 1, text);
    if (size > maxNameBytes) {
      throw new ViciError("encode", "too-large", `a name of ${size} bytes is longer than 255`);
    }
    this.#bytes[at] = size;
    this.#length = at + 1 + size;
  }

  /** A value: its length in two bytes, then UTF-8 or the bytes themselves. */
  value(value: Value): void {
    const isText = typeof value === "string";
    this.#reserve(2 + (isText ? value.length * 3 : value.length));
    const at = this.#length;
    const size = isText ? this.#text(at + 2, value) : this.#raw(at + 2, value);
    if (size > maxValueBytes) {
      throw new ViciError("encode", "too-large", `a value of ${size} bytes is longer than 65535`);
    }
    this.#bytes[at] = size >>> 8;
    this.#bytes[at + 1] = size & 0xff;
    this.#length = at + 2 + size;
  }

  #raw(at: number, value: Uint8Array): number {
    this.#bytes.set(value, at);
    return value.length;
  }

  #text(at: number, text: string): number {
    const length = text.length;
    if (length < nativeFrom) {
      const bytes = this.#bytes;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[at + i] = code;
      }
      if (i === length) return length;
    }
    return this.#bytes.write(text, at, "utf8");
  }

  #reserve(size: number): void {
    const wanted = this.#length + size;
    if (wanted <= this.#bytes.length) return;
    if (this.#length > maxPacketBytes) {
      throw new ViciError("encode", "too-large", "the message is longer than 512 KiB");
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
