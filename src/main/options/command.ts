import type { ArgumentTable, OptionTable, ValuesOf } from "./option.ts";

/** A command of a program. Its summary is in the program's list of commands, and only there. */
export interface Command<
  Arguments extends ArgumentTable = ArgumentTable,
  Options extends OptionTable = OptionTable,
  Globals extends OptionTable = OptionTable,
> {
  /** The text that `--help` prints below the summary. */
  readonly details: string;
  readonly arguments: Arguments;
  readonly options: Options;
  /** The text that `--help` prints below the options: examples, exit status. */
  readonly notes?: string;
  /** Returns the exit status. */
  run(values: ValuesOf<Arguments> & ValuesOf<Options>, globals: ValuesOf<Globals>): Promise<number>;
}

/** A command whose values have the types of its options and arguments. */
export function defineCommand<
  const Arguments extends ArgumentTable,
  const Options extends OptionTable,
>(command: Command<Arguments, Options>): Command<Arguments, Options> {
  return command;
}

/** A command in a program's list. */
export interface ListedCommand {
  /** One line: what the command does. */
  readonly summary: string;
  /**
   * Loads the command's module when the command is called, so that each start reads only what it
   * needs.
   */
  readonly load: () => Promise<Command>;
}

/** A program with commands, such as `ipman`. */
export interface Program {
  readonly name: string;
  /** One line: what the program is. */
  readonly title: string;
  readonly commands: Readonly<Record<string, ListedCommand>>;
  /** Options that every command accepts. */
  readonly globals: OptionTable;
  /** The text that `--help` prints below the commands. */
  readonly notes: string;
}
