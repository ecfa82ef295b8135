import { Argument, Command as Commander, CommanderError, Option } from "commander";
import packageJson from "../../../package.json" with { type: "json" };
import { own } from "../../model/value/own.ts";
import type { Command, Program } from "../options/command.ts";
import {
  parseValue,
  UsageError,
  type ArgumentTable,
  type OptionTable,
  type ValuesOf,
} from "../options/option.ts";
import { exitStatus, reportFailure } from "./report-failure.ts";

/** Runs the command that the arguments name; returns the exit status. */
export async function runProgram(program: Program, args: readonly string[]): Promise<number> {
  let called = program.name;
  let status = 0;
  const root = commanderOf(program);
  // Commander prints the help for `NAME --help` even if there is no command NAME.
  root.addHelpText("before", () => {
    const [name] = root.args;
    const isCommand = name !== undefined && name !== "help" && !name.startsWith("-");
    if (isCommand) throw new UnknownCommandError(name);
    return "";
  });
  root.hook("preSubcommand", async (_, chosen) => {
    called = `${program.name} ${chosen.name()}`;
    const command = await load(program, chosen.name());
    configure(chosen, command).action(async () => {
      status = await command.run(valuesOf(chosen, command), optionValues(root, program.globals));
    });
  });
  try {
    await root.parseAsync(helpLast(program, args), { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof UnknownCommandError) return runProgram(program, [error.command]);
    return ended(called, error);
  }
}

/** Interrupts the help of the whole program, which is not about the named command. */
class UnknownCommandError extends Error {
  readonly command: string;

  constructor(command: string) {
    super(`there is no command ${command}`);
    this.command = command;
  }
}

/** The values that a command gets by these arguments. @throws {Error} if they are wrong */
export function parseCommand<
  Arguments extends ArgumentTable,
  Options extends OptionTable,
  Globals extends OptionTable,
>(
  command: Command<Arguments, Options, Globals>,
  args: readonly string[],
): ValuesOf<Arguments> & ValuesOf<Options> {
  const parser = configure(quiet(new Commander("command")), command);
  parser.action(() => {}).parse([...args], { from: "user" });
  return valuesOf(parser, command);
}

function commanderOf({ name, title, commands, globals, notes }: Program): Commander {
  const root = quiet(new Commander(name))
    .usage("<command> [options]")
    .description(title)
    .version(packageJson.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "explain a command")
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("after", notes);
  addOptions(root, globals);
  const showGlobalOptions = Object.keys(globals).length > 0;
  for (const [command, { summary }] of Object.entries(commands)) {
    root.command(command).summary(summary).configureHelp({ showGlobalOptions });
  }
  return root;
}

/** Errors come as exceptions, and are printed by {@link reportFailure}. */
function quiet(commander: Commander): Commander {
  return commander.exitOverride().configureOutput({ outputError: () => {} });
}

async function load({ commands }: Program, name: string): Promise<Command> {
  const listed = own(commands, name);
  if (listed === undefined) throw new Error(`${name} is not in the list of commands`);
  return listed.load();
}

/** `help COMMAND` is `COMMAND --help`, which loads the command first. */
function helpLast({ commands }: Program, args: readonly string[]): readonly string[] {
  const [first, name, ...rest] = args;
  if (first !== "help" || name === undefined || name.startsWith("-")) return args;
  return own(commands, name) === undefined ? [name, ...rest] : [name, "--help"];
}

function configure(commander: Commander, command: Command): Commander {
  const summary = commander.summary();
  const title = `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
  // Paragraphs are wrapped by commander; indented lines stay as they are.
  const details = command.details.replaceAll(/(?<!\n)\n(?![\n ])/g, " ");
  commander.description(`${title}\n\n${details}`);
  for (const { usage, help } of Object.values(command.arguments))
    commander.addArgument(new Argument(usage, help));
  addOptions(commander, command.options);
  if (command.notes !== undefined) commander.addHelpText("after", `\n${command.notes}`);
  return commander;
}

function addOptions(commander: Commander, table: OptionTable): void {
  for (const option of Object.values(table)) {
    const {
      flags,
      help,
      fallback,
      required = false,
      hidden = false,
      repeats = false,
      parse,
    } = option;
    const added = new Option(flags, help).makeOptionMandatory(required).hideHelp(hidden);
    if (parse !== undefined) {
      const read = (text: string, before: unknown) => {
        const value = parseValue(option, text);
        const isFirst = !repeats || !(before instanceof Given);
        return new Given(isFirst ? value : [before.value, value].flat());
      };
      added.argParser(read).default(...defaultOf(fallback, required));
    }
    commander.addOption(added);
  }
}

/** A value that was given: commander would take undefined for an empty text. */
class Given {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** A default and its text in the help, if there is one to show. */
function defaultOf(fallback: unknown, required: boolean): [unknown, string?] {
  const text = Array.isArray(fallback) ? fallback.join(",") : fallback;
  const isShown =
    !required && (typeof text === "number" || (typeof text === "string" && text !== ""));
  return isShown ? [fallback, String(text)] : [undefined];
}

function valuesOf<
  Arguments extends ArgumentTable,
  Options extends OptionTable,
  Globals extends OptionTable,
>(
  commander: Commander,
  command: Command<Arguments, Options, Globals>,
): ValuesOf<Arguments> & ValuesOf<Options> {
  const given: readonly unknown[] = commander.processedArgs;
  const positionals = Object.entries(command.arguments).map(([name, { fallback }], place) => [
    name,
    given[place] ?? fallback,
  ]);
  return {
    ...(Object.fromEntries(positionals) as ValuesOf<Arguments>),
    ...optionValues(commander, command.options),
  };
}

function optionValues<Options extends OptionTable>(
  commander: Commander,
  table: Options,
): ValuesOf<Options> {
  const values = Object.entries(table).map(([name, option]) => {
    const given: unknown = commander.getOptionValue(new Option(option.flags).attributeName());
    return [name, given instanceof Given ? given.value : (given ?? option.fallback)];
  });
  return Object.fromEntries(values) as ValuesOf<Options>;
}

/** Returns the exit status of a program whose command did not return one. */
function ended(called: string, error: unknown): number {
  if (!(error instanceof CommanderError)) return reportFailure(called, error);
  if (error.exitCode === 0) return 0;
  // No command: commander has printed the help.
  if (error.code === "commander.help") return exitStatus.usage;
  const [, message = "", suggestion] =
    /^error: ([\s\S]*?)(?:\n(\(Did you mean [^\n]*\)))?$/.exec(error.message) ?? [];
  const text = suggestion === undefined ? message : `${message} ${suggestion}`;
  return reportFailure(called, new UsageError(text, { cause: error }));
}
