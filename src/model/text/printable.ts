/** Control characters, invisible ones and those that turn the direction of a text, and halves of pairs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A text of others as it may go to a terminal: characters that a terminal would act upon, or that
 * hide what is there, are written out as `\x1b` or `\u202e`. It is one line.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** A text of several lines, made {@link printable} but for the ends of its lines and its tabs. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (found) => (/[\n\t]/.test(found) ? found : escaped(found)));
}

/** A line of JSON with the same value, in which JSON's own escapes stand for such characters. */
export function printableJson(line: string): string {
  return line.replace(unprintable, (found) => (found === "\n" ? found : jsonEscaped(found)));
}

/** A value with every text in it, names of members too, made {@link printable}. */
export function printableValue(value: unknown): unknown {
  if (typeof value === "string") return printable(value);
  if (Array.isArray(value)) return value.map(printableValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [printable(name), printableValue(member)]),
  );
}

/** By UTF-16 code units, as JSON has it. */
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
