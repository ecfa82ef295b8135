import { ViciError } from "./errors.ts";
import { maxPacketBytes } from "./message.ts";

const lengthBytes = 4;

/**
 * Cuts a byte stream into frames: a big-endian u32 length, then as many bytes. Chunks
 * may split a frame anywhere; a frame that lies in one chunk is not copied.
 */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The frames that `chunk` completes, without their lengths.
   *
   * @throws {ViciError} `malformed` for a length above the protocol's 512 KiB: the
   *   stream cannot be followed any further.
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
