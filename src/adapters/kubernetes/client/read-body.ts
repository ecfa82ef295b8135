/** A body that is longer than its reader accepts. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";

  /** @param maxBytes the limit that the body exceeds */
  constructor(maxBytes: number) {
    super(`the body is larger than ${maxBytes / 2 ** 20} MiB`);
  }
}

/**
 * Reads a whole HTTP body into memory.
 *
 * @throws BodyTooLarge as soon as more than `maxBytes` were read; the rest is not read
 */
export async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop destroys the stream, and with it the connection.
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw new BodyTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
