import { printable } from "../../model/text/printable.ts";
import { UsageError } from "../options/option.ts";
import { describeError } from "../text/error-text.ts";

/** Exit statuses of every command. */
export const exitStatus = { failed: 1, usage: 2 };

/** Prints why a command ended; returns its exit status. */
export function reportFailure(command: string, error: unknown): number {
  process.stderr.write(`${command}: ${printable(describeError(error))}\n`);
  if (!(error instanceof UsageError)) return exitStatus.failed;
  process.stderr.write(`see "${command} --help"\n`);
  return exitStatus.usage;
}
