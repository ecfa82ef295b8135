import { pino, type DestinationStream, type Logger } from "pino";
import { printableJson } from "../../model/text/printable.ts";
import { textLine } from "./text-line.ts";
import type { LoggedFields, LogBuffer } from "./log-buffer.ts";

/** `auto` is text on a terminal and JSON lines elsewhere. */
export type LogFormat = "auto" | "text" | "json";

/** What is logged, and how it looks. */
export interface LogSettings {
  /** The least level of lines that are written, as pino names it. */
  readonly level: string;
  readonly format: LogFormat;
}

/**
 * A log on standard output with ISO times, whose last lines about connections are kept.
 *
 * @param logBuffer keeps them; without it none are kept
 */
export function loggerOf(
  { level, format }: LogSettings,
  logBuffer?: LogBuffer,
  destination: DestinationStream = pino.destination(1),
): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: {
      // Logs are read in terminals, and contain names and texts of others.
      streamWrite: isText(format, process.stdout.isTTY) ? textLine : printableJson,
      ...(logBuffer !== undefined && { logMethod: keptIn(logBuffer) }),
    },
  };
  return pino(options, destination);
}

/** Whether a format is text, on a terminal or elsewhere. */
export function isText(format: LogFormat, isTerminal: boolean): boolean {
  return format === "text" || (format === "auto" && isTerminal);
}

/** Keeps each line that is logged: pino checks the level before. */
function keptIn(logBuffer: LogBuffer) {
  return function logMethod(
    this: Logger,
    args: Parameters<pino.LogFn>,
    method: (this: Logger, ...args: Parameters<pino.LogFn>) => void,
  ): void {
    const [fields, message] = args as unknown as [LoggedFields | string, string | undefined];
    if (typeof fields === "object" && fields.connection !== undefined)
      logBuffer.noteOwn(fields, message ?? "", Date.now());
    method.apply(this, args);
  };
}
