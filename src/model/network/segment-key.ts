import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";

/** Bytes of a segment key. */
export const segmentKeyLength = 32;

/**
 * The secret that operator and agents of a cluster, or the processes of a host, share. Values
 * are derived from it; the bytes themselves cannot be read, printed or serialised.
 */
export class SegmentKey {
  readonly #bytes: Uint8Array;
  /** The bytes as a key: an HMAC by bytes would take several times as long. */
  readonly #key: KeyObject;

  /** @throws {RangeError} unless it is {@link segmentKeyLength} bytes */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== segmentKeyLength) {
      throw new RangeError(`a segment key has ${segmentKeyLength} bytes`);
    }
    this.#bytes = Uint8Array.from(bytes);
    this.#key = createSecretKey(this.#bytes);
  }

  /** HMAC-SHA-256 over the label and the parts: 32 bytes that differ wherever one of them does. */
  derive(label: string, ...parts: readonly string[]): Buffer {
    // As JSON, so that no two lists of parts give the same text.
    const text = JSON.stringify([label, ...parts]);
    return createHmac("sha256", this.#key).update(text).digest();
  }

  equals(other: SegmentKey): boolean {
    return timingSafeEqual(this.#bytes, other.#bytes);
  }
}

/** Parses a key as it is stored, in base64; undefined where it is not one. */
export function parseSegmentKey(text: string): SegmentKey | undefined {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, "base64");
  const isKey = bytes.length === segmentKeyLength && bytes.toString("base64") === trimmed;
  return isKey ? new SegmentKey(bytes) : undefined;
}
