import { isObjectName } from "../../model/api/names.ts";
import { Kubectl } from "./kubectl.ts";

/** What may come first, and whether a connection comes next. */
const commands: Readonly<
  Record<string, { readonly options: readonly string[]; readonly takes: boolean }>
> = {
  status: { options: ["--output"], takes: false },
  describe: { options: ["--output"], takes: true },
  diagnose: { options: ["--ping", "--rekey", "--output"], takes: true },
  inspect: { options: ["--port", "--no-open"], takes: true },
  logs: { options: ["--since"], takes: true },
  rekey: { options: [], takes: true },
  restart: { options: [], takes: true },
  gather: { options: ["--output"], takes: false },
};

export const commandNames = Object.keys(commands);

/**
 * What may stand in the place of the last word.
 *
 * @param connections asked for where one is wanted
 */
export async function candidates(
  words: readonly string[],
  connections: () => Promise<readonly string[]>,
): Promise<string[]> {
  const [first = "", ...rest] = words;
  const last = words.at(-1) ?? "";
  const starting = (all: readonly string[]) => all.filter((one) => one.startsWith(last));
  if (rest.length === 0) return starting(commandNames);
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (command === undefined) return [];
  if (last.startsWith("-")) return starting(command.options);
  return command.takes && rest.length === 1 ? starting(await connections()) : [];
}

/** As kubectl asks a plugin: a candidate a line, then that nothing else is to be offered. */
export async function complete(words: readonly string[]): Promise<number> {
  const names = async () => {
    const said = await new Kubectl([]).run("get", "ipsecconnections", "-o", "name");
    const all = said.split("\n").flatMap((line) => line.split("/")[1] ?? []);
    return all.filter(isObjectName);
  };
  const found = await candidates(words, names).catch(() => []);
  process.stdout.write(`${[...found, ":4"].join("\n")}\n`);
  return 0;
}
