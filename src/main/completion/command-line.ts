import { own } from "../../model/value/own.ts";
import type { Command, Program } from "../options/command.ts";
import { longName, type Offer, type CommandOption } from "../options/option.ts";

/** A command line that is being typed, up to the word that is to be completed. */
export interface CommandLine {
  /** The name of the command, once there is one. */
  readonly name: string | undefined;
  readonly command: Command | undefined;
  readonly positionals: readonly string[];
  /** The values of options, by `--name`. */
  readonly values: ReadonlyMap<string, string>;
  /** The option whose value is to be completed. */
  readonly pending: CommandOption<unknown> | undefined;
  /** The options that may follow. */
  readonly options: readonly CommandOption<unknown>[];
  /** The word to complete, without the name of an option before `=`. */
  readonly word: string;
  /** Stands before each candidate: `--name=`. */
  readonly prefix: string;
}

/** Reads the words of a command line; the last one is to be completed. */
export async function readCommandLine(
  program: Program,
  typed: readonly string[],
): Promise<CommandLine> {
  const words = withoutEqualSigns(typed);
  const last = words.at(-1) ?? "";
  const globals = Object.values(program.globals);
  let name: string | undefined;
  let command: Command | undefined;
  let options: readonly CommandOption<unknown>[] = globals;
  let pending: CommandOption<unknown> | undefined;
  const positionals: string[] = [];
  const values = new Map<string, string>();
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) {
      values.set(longName(pending), word);
      pending = undefined;
    } else if (word.startsWith("-")) {
      const [flag, value] = split(word);
      const option = optionFor(options, flag);
      if (option?.parse === undefined) continue;
      if (value === undefined) pending = option;
      else values.set(longName(option), value);
    } else if (name === undefined) {
      name = word;
      command = await own(program.commands, word)?.load();
      options = [...Object.values(command?.options ?? {}), ...globals];
    } else positionals.push(word);
  }
  const [flag, value] = pending === undefined ? split(last) : ["", undefined];
  const inline = value === undefined ? undefined : optionFor(options, flag);
  return {
    name,
    command,
    positionals,
    values,
    pending: pending ?? inline,
    options,
    word: inline === undefined ? last : (value ?? ""),
    prefix: inline === undefined ? "" : `${flag}=`,
  };
}

/** The values that a shell may offer for the word that is to be completed. */
export function offersAt({ command, positionals, pending }: CommandLine): Offer | undefined {
  if (pending !== undefined) return pending.offers;
  const known = Object.values(command?.arguments ?? {});
  const last = known.at(-1);
  const isList = last?.usage.includes("...") === true;
  return (known[positionals.length] ?? (isList ? last : undefined))?.offers;
}

/** Removes the equal signs: bash splits `--name=value` into `--name`, `=` and `value`. */
function withoutEqualSigns(words: readonly string[]): readonly string[] {
  const kept = words.filter((word, i) => word !== "=" || words[i - 1]?.startsWith("--") !== true);
  return words.at(-1) === "=" && kept.length < words.length ? [...kept, ""] : kept;
}

function split(word: string): [flag: string, value: string | undefined] {
  const [, flag = word, value] = /^(--[\w-]+)=(.*)$/.exec(word) ?? [];
  return [flag, value];
}

function optionFor(
  options: readonly CommandOption<unknown>[],
  flag: string,
): CommandOption<unknown> | undefined {
  return options.find(({ flags }) => flags.split(/[ ,]+/).includes(flag));
}
