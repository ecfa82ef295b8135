/** Control characters, invisible characters, direction marks and lone surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Makes foreign text safe for a terminal: characters that control a terminal or hide text are
 * escaped as `\x1b` or `\u202e`. The result is one line.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** Like {@link printable}, for text of several lines: line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (found) => (/[\n\t]/.test(found) ? found : escaped(found)));
}

/** Like {@link printable}, for a line of JSON: JSON's own escapes keep its value the same. */
export function printableJson(line: string): string {
  return line.replace(unprintable, (found) => (found === "\n" ? found : jsonEscaped(found)));
}

/** A value in which every string, including member names, is {@link printable}. */
export function printableValue(value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value)) return value.map(printableValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [printable(name), printableValue(member)]),
  );
}

/** Escapes UTF-16 code units, as JSON does. */
function jsonEscaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

function escaped(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\u{${code.toString(16)}}`;
}
