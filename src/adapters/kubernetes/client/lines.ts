/**
 * The lines of a body that are not empty.
 *
 * @throws Error if a line is longer than `maxLength` characters
 */
export async function* linesOf(
  body: AsyncIterable<Uint8Array>,
  maxLength: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    if (rest.length > maxLength) throw new Error(`a line is longer than ${maxLength} characters`);
    for (const line of lines) if (line !== "") yield line;
  }
}
