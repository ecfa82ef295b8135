import { UsageError, type Argument, type Offer, type CommandOption } from "./option.ts";

/** Further properties of an option, for the help and the completion. */
interface Details {
  readonly offers?: Offer;
  readonly hidden?: boolean;
}

/** An option without a value; `--no-NAME` is true until it is given. */
export function flag(flags: string, help: string, details: Details = {}): CommandOption<boolean> {
  return { flags, help, fallback: flags.includes("--no-"), ...details };
}

/** An option that has text. */
export function text(
  flags: string,
  help: string,
  fallback: string,
  details: Details = {},
): CommandOption<string> {
  return { flags, help, fallback, parse: (value) => value, ...details };
}

/** An option that has text, without a default. */
export function optionalText(
  flags: string,
  help: string,
  details: Details = {},
): CommandOption<string | undefined> {
  return { flags, help, fallback: undefined, parse: (value) => value, ...details };
}

/** An option with text that must be given. */
export function requiredText(flags: string, help: string): CommandOption<string> {
  const parse = (value: string) => {
    if (value === "") throw new UsageError("must not be empty");
    return value;
  };
  return { flags, help, fallback: "", required: true, parse };
}

/** An option that is one of some words. */
export function choice<const T extends string>(
  flags: string,
  help: string,
  choices: readonly T[],
  fallback: NoInfer<T>,
): CommandOption<T> {
  const parse = (value: string) => {
    const chosen = choices.find((word) => word === value);
    if (chosen !== undefined) return chosen;
    throw new UsageError(`must be ${listed(choices)}, not "${value}"`);
  };
  return { flags, help: `${help}: ${listed(choices)}`, fallback, parse, offers: choices };
}

/** An option that is a whole number within bounds. */
export function integer(
  flags: string,
  help: string,
  { least, most, fallback }: { least: number; most: number; fallback: number },
): CommandOption<number> {
  const parse = (value: string) => {
    const number = value === "" ? NaN : Number(value);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new UsageError(`must be a whole number from ${least} to ${most}, not "${value}"`);
  };
  return { flags, help, fallback, parse };
}

/** An option that is words with commas between them. */
export function words(
  flags: string,
  help: string,
  fallback: readonly string[],
): CommandOption<readonly string[]> {
  return { flags, help, fallback, parse: (value) => value.split(",").filter(Boolean) };
}

/** An option that may be repeated. */
export function repeated(
  flags: string,
  help: string,
  details: Details = {},
): CommandOption<readonly string[]> {
  return { flags, help, fallback: [], parse: (value) => [value], repeats: true, ...details };
}

/** An argument that must be there. */
export function argument(name: string, help: string, offers: Offer): Argument<string> {
  return { usage: `<${name}>`, help, fallback: "", offers };
}

/** An argument that may be left out. */
export function optionalArgument(
  name: string,
  help: string,
  offers: Offer,
): Argument<string | undefined> {
  return { usage: `[${name}]`, help, fallback: undefined, offers };
}

/** One argument or more. */
export function argumentList(
  name: string,
  help: string,
  offers: Offer,
): Argument<readonly string[]> {
  return { usage: `<${name}...>`, help, fallback: [], offers };
}

/** `a, b or c` */
function listed(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}
