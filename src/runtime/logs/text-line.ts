import { styleText } from "node:util";
import { printable } from "../../model/text/printable.ts";

const levels: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

const widest = 5;
const warn = 40;
const error = 50;

/**
 * Converts a line of pino's JSON to text: time, level, subject, message, all other fields, stack.
 */
export function textLine(json: string): string {
  const { time, level, connection, child, state, msg, err, ...others } = JSON.parse(
    json,
  ) as LoggedLine;
  const subject = [connection, child].filter(Boolean).join("/");
  const fields = state === undefined || state === msg ? others : { state, ...others };
  const words = [
    subject === "" ? "" : `${subject}:`,
    msg ?? "",
    ...Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`),
  ];
  const title = coloured(level, (levels[level] ?? String(level)).padEnd(widest));
  const lines = [`${time} ${title} ${printable(words.filter(Boolean).join(" "))}`, ...stackOf(err)];
  return `${lines.join("\n")}\n`;
}

interface LoggedLine {
  readonly time: string;
  readonly level: number;
  readonly connection?: string;
  readonly child?: string;
  readonly state?: string;
  readonly msg?: string;
  readonly err?: { readonly stack?: string };
  readonly [field: string]: unknown;
}

/** The stack of an error, one line per call. */
function stackOf(err: LoggedLine["err"]): string[] {
  const calls = err?.stack?.split("\n").slice(1) ?? [];
  return calls.map((call) => `      ${printable(call.trim())}`);
}

function valueText(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function coloured(level: number, text: string): string {
  if (level < warn) return text;
  return styleText(level < error ? "yellow" : "red", text, { stream: process.stdout });
}
