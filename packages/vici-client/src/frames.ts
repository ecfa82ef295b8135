import { ViciError } from "./errors.ts";
import { maxPacketBytes } from "./message.ts";

const lengthBytes = 4;

/**
 * Splits a byte stream into frames: a big-endian u32 length, then as many bytes. Chunks may split
 * a frame at any offset; a frame that is within one chunk is not copied.
 */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * Returns the frames that `chunk` completes, without their lengths.
   *
   * @throws {ViciError} `malformed` for a length above the protocol's 512 KiB, after which the
   *   stream cannot be decoded
   */
  push(chunk: Buffer): Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    while (bytes.length >= lengthBytes) {
      const size = bytes.readUInt32BE(0);
      if (size > maxPacketBytes) {
        throw new ViciError("decode", "malformed", `a frame of ${size} bytes`);
      }
      const end = lengthBytes + size;
      if (bytes.length < end) break;
      frames.push(bytes.subarray(lengthBytes, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return frames;
  }
}
