import type { Program } from "../options/command.ts";
import { longName, type Offer } from "../options/option.ts";
import { offersAt, readCommandLine, type CommandLine } from "./command-line.ts";
import { serviceWord, type Names } from "./names.ts";

/** A word that a shell may offer. */
export interface Suggestion {
  readonly word: string;
  readonly help?: string;
}

/** cobra's directives for what a shell offers in addition to the candidates. */
const directives = { files: ":0", neither: ":4", folders: ":16" } as const;

export interface Completion {
  readonly candidates: readonly Suggestion[];
  readonly directive: (typeof directives)[keyof typeof directives];
}

/** Creates the source of names for a command line, given the values of its options. */
export type NamesFor = (values: ReadonlyMap<string, string>) => Names;

/** Prints the completion of a command line's last word; returns the exit status. */
export async function complete(
  program: Program,
  [first, ...rest]: readonly string[],
  namesFor: NamesFor,
): Promise<number> {
  const words = first === "--" ? rest : [first ?? "", ...rest];
  const { candidates, directive } = await completionOf(program, words, namesFor);
  const lines = candidates.map(({ word, help }) =>
    help === undefined ? word : `${word}\t${help}`,
  );
  process.stdout.write(`${[...lines, directive].join("\n")}\n`);
  return 0;
}

/** The completion of a command line's last word. Names that cannot be looked up are left out. */
export async function completionOf(
  program: Program,
  words: readonly string[],
  namesFor: NamesFor,
): Promise<Completion> {
  const line = await readCommandLine(program, words);
  const { word, prefix } = line;
  const { candidates, directive } = await everything(program, line, namesFor);
  return {
    candidates: candidates
      .filter((candidate) => candidate.word.startsWith(word))
      .map((candidate) => ({ ...candidate, word: `${prefix}${candidate.word}` })),
    directive,
  };
}

/** The candidates, regardless of how the word begins. */
async function everything(
  program: Program,
  line: CommandLine,
  namesFor: NamesFor,
): Promise<Completion> {
  const { name, command, pending, word, options } = line;
  if (pending === undefined && word.startsWith("-")) return only(flagsOf(options));
  const commands = Object.entries(program.commands);
  const listed = commands.map(([word, { summary }]) => ({ word, help: summary }));
  if (pending === undefined && name === undefined)
    return only([...listed, { word: "help", help: "explain a command" }]);
  if (name === "help" && line.positionals.length === 0) return only(listed);
  if (pending === undefined && command === undefined) return only([]);
  return offered(offersAt(line), line, namesFor);
}

async function offered(
  offer: Offer | undefined,
  line: CommandLine,
  namesFor: NamesFor,
): Promise<Completion> {
  if (offer === undefined) return only([]);
  if (offer === "files" || offer === "folders")
    return { candidates: [], directive: directives[offer] };
  if (typeof offer !== "string") return only(offer.map((word) => ({ word })));
  try {
    const names = namesFor(line.values);
    const connection = line.positionals[0] ?? line.values.get("--connection") ?? "";
    const found = await lookedUp(offer, connection, names);
    return only(found.map((word) => ({ word })));
  } catch {
    return only([]);
  }
}

async function lookedUp(
  offer: Exclude<Offer, readonly string[] | "files" | "folders">,
  connection: string,
  names: Names,
): Promise<readonly string[]> {
  if (offer === "subjects") return [...(await names.connections()), serviceWord];
  if (offer === "parts" && connection === serviceWord) return names.services();
  if (offer === "parts" || offer === "children") return names.children(connection);
  return offer === "paths" ? names.paths(connection) : names[offer]();
}

function only(candidates: readonly Suggestion[]): Completion {
  return { candidates, directive: directives.neither };
}

function flagsOf(options: CommandLine["options"]): Suggestion[] {
  const flags = options
    .filter(({ hidden }) => hidden !== true)
    .map((option) => ({ word: longName(option), help: option.help }));
  return [...flags, { word: "--help", help: "print this help" }];
}
