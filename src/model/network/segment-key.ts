import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";

/** The length of a segment key in bytes. */
export const segmentKeyLength = 32;

/**
 * The secret that the operator and the agents of a cluster share, or the processes of a host.
 * Values are derived from it; the bytes themselves cannot be read, printed or serialised.
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

  /** Derives 32 bytes: HMAC-SHA-256 over the label and the parts. */
  derive(label: string, ...parts: readonly string[]): Buffer {
    // In JSON, different lists of parts have different texts.
    const text = JSON.stringify([label, ...parts]);
    return createHmac("sha256", this.#key).update(text).digest();
  }

  /** Whether two keys are the same, compared in constant time. */
  equals(other: SegmentKey): boolean {
    return timingSafeEqual(this.#bytes, other.#bytes);
  }
}

/** Parses a key in base64, the format in which it is stored; undefined for any other text. */
export function parseSegmentKey(text: string): SegmentKey | undefined {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, "base64");
  const isKey = bytes.length === segmentKeyLength && bytes.toString("base64") === trimmed;
  return isKey ? new SegmentKey(bytes) : undefined;
}
