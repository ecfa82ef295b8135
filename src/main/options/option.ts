/**
 * The values that a shell offers: fixed words, or names to look up. `children` and `paths` are those
 * of the connection that the command line names; `subjects` are connections and the word `service`,
 * and `parts` are what follows them: children, or Services.
 */
export type Offer =
  | readonly string[]
  | "files"
  | "folders"
  | "connections"
  | "children"
  | "paths"
  | "namespaces"
  | "subjects"
  | "parts";

/** An option of a command: parsing, help, completion and the typed value are derived from it. */
export interface CommandOption<T> {
  /** As the help shows it: `-o, --output <format>`. */
  readonly flags: string;
  readonly help: string;
  /** The value without the option. */
  readonly fallback: T;
  /** The option must be given. */
  readonly required?: boolean;
  /** The help of a program does not list it. */
  readonly hidden?: boolean;
  /**
   * Reads the text of a value; an option without it is a switch.
   *
   * @throws {UsageError} `must be …`, which continues the option's name
   */
  readonly parse?: (text: string) => T;
  /** The option may be given several times: its values are lists, which are joined. */
  readonly repeats?: boolean;
  readonly offers?: Offer;
}

/** A positional argument of a command. */
export interface Argument<T> {
  /** As usage shows it: `<connection>`, `[child]`, `<file...>`. */
  readonly usage: string;
  readonly help: string;
  /** The value without the argument. */
  readonly fallback: T;
  readonly offers?: Offer;
}

/** Options by the names of their values. */
export type OptionTable = Readonly<Record<string, CommandOption<unknown>>>;

/** Arguments by the names of their values, in their order. */
export type ArgumentTable = Readonly<Record<string, Argument<unknown>>>;

/** The values that a table of options or arguments gives. */
export type ValuesOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends CommandOption<infer T>
    ? T
    : Table[Name] extends Argument<infer T>
      ? T
      : never;
};

/** A wrong use of a command, which is reported without a stack; the exit status is 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The name of an option with its dashes: `--output`. */
export function longName({ flags }: Pick<CommandOption<unknown>, "flags">): string {
  const name = /--[\w-]+/.exec(flags)?.[0];
  if (name === undefined) throw new Error(`${flags} has no long name`);
  return name;
}

/** Calls the parser of an option; a refusal names the option. */
export function parseValue<T>(option: CommandOption<T>, text: string): T {
  try {
    return (option.parse as NonNullable<typeof option.parse>)(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${longName(option)} ${error.message}`, { cause: error });
  }
}
