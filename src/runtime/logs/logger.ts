import { pino, type DestinationStream, type Logger } from "pino";
import { printableJson } from "../../model/text/printable.ts";
import { textLine } from "./text-line.ts";
import type { LoggedFields, LogBuffer } from "./log-buffer.ts";

/** `auto` is text on a terminal and JSON lines elsewhere. */
export type LogFormat = "auto" | "text" | "json";

/** The level and the format of a log. */
export interface LogSettings {
  /** The lowest level that is written, by pino's name. */
  readonly level: string;
  readonly format: LogFormat;
}

/**
 * Creates a log on standard output with ISO times.
 *
 * @param logBuffer gets each line about a connection
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
      // Logs are read in terminals, and contain names and texts of other parties.
      streamWrite: isText(format, process.stdout.isTTY) ? textLine : printableJson,
      ...(logBuffer !== undefined && { logMethod: addTo(logBuffer) }),
    },
  };
  return pino(options, destination);
}

/** Whether a format is text, on a terminal or elsewhere. */
export function isText(format: LogFormat, isTerminal: boolean): boolean {
  return format === "text" || (format === "auto" && isTerminal);
}

/** Adds each line about a connection to the buffer; pino has checked the level before. */
function addTo(logBuffer: LogBuffer) {
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
