import { pino, type DestinationStream, type Logger } from "pino";
import { printableJson } from "../../model/text/printable.ts";
import type { LoggedFields, Recent } from "./recent.ts";

/** A log of JSON lines, the last of which are kept for who asks later. */
export function loggerOf(level: string, recent: Recent, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    hooks: {
      // A log is read in terminals, and has names and words of others.
      streamWrite: printableJson,
      logMethod(
        this: Logger,
        args: Parameters<pino.LogFn>,
        method: (this: Logger, ...args: Parameters<pino.LogFn>) => void,
      ) {
        // Only what is logged comes here: pino asks for the level before.
        const [fields, message] = args as unknown as [LoggedFields | string, string | undefined];
        if (typeof fields === "object" && fields.connection !== undefined)
          recent.noteOwn(fields, message ?? "", Date.now());
        method.apply(this, args);
      },
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
