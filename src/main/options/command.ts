import type { ParseArgsConfig } from "node:util";

/** A command of `ipman`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** What a shell may offer for its arguments. */
  readonly takes?: "files" | "connections";
  /** Gives the exit status. */
  readonly run: (values: Values, positionals: readonly string[]) => Promise<number>;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** A wrong use of a command; told without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An option that has text, with its default. */
export function textOption(values: Values, name: string, fallback: string): string {
  const value = values[name];
  return typeof value === "string" ? value : fallback;
}

/** An option that must be there. */
export function requiredOption(values: Values, name: string): string {
  const value = values[name];
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`--${name} is required`);
}

/** An option that has a whole number within bounds. */
export function integerOption(
  values: Values,
  name: string,
  fallback: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const number = Number(textOption(values, name, String(fallback)));
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new UsageError(`--${name} must be ${least} to ${most}`);
}
