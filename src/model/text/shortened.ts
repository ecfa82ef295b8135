const ellipsis = "…";

/**
 * The text, cut with an ellipsis if it is too long. No code point is split.
 *
 * @param most the maximum in Unicode code points, as the API server counts `maxLength`
 */
export function shortened(text: string, most: number): string {
  // A code point takes one or two units of a JavaScript string.
  if (text.length <= most) return text;
  let units = 0;
  let kept = 0;
  let points = 0;
  while (units < text.length && points <= most) {
    if (points === most - 1) kept = units;
    units += (text.codePointAt(units) as number) > 0xffff ? 2 : 1;
    points++;
  }
  return units >= text.length && points <= most ? text : `${text.slice(0, kept)}${ellipsis}`;
}

/** The text, cut with an ellipsis if it is longer than `most` bytes in UTF-8. */
export function shortenedBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  const room = most - Buffer.byteLength(ellipsis);
  const bytes = Buffer.from(text);
  let end = room;
  // Continuation bytes begin with 10.
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return `${bytes.toString("utf8", 0, end)}${ellipsis}`;
}
