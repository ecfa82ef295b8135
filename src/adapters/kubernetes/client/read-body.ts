/** A body that is longer than its reader takes. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";

  /** @param mostBytes the bound that it exceeds */
  constructor(mostBytes: number) {
    super(`the body is larger than ${mostBytes / 2 ** 20} MiB`);
  }
}

/**
 * Reads a whole HTTP body into memory.
 *
 * @throws BodyTooLarge as soon as there is more of it than `mostBytes`; the rest is not read
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop destroys the stream, and with it the connection.
  for await (const chunk of body) {
    length += chunk.length;
    if (length > mostBytes) throw new BodyTooLarge(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
