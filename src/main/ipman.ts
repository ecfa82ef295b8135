import { parseArgs } from "node:util";
import { printable } from "../model/text/printable.ts";
import { own } from "../model/value/own.ts";
import { commands } from "./commands.ts";
import { UsageError, type Command, type Values } from "./options/command.ts";

const help = `ipman: IPsec site-to-site tunnels, declared as YAML and kept up by state machines.

usage: ipman COMMAND [OPTIONS]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join("\n")}

"ipman COMMAND --help" explains a command. A first tunnel on a host with charon:

  ipman validate tunnel.yaml secret.yaml     # every problem, with its place
  ipman run /etc/ipman &                     # the folder with both files
  ipman status --watch
  ipman attach --netns app --connection CONNECTION --child CHILD
`;

/** Runs the command that the arguments name; gives the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help);
    return name === undefined ? 2 : 0;
  }
  const entry = own(commands, name);
  if (entry === undefined) {
    process.stderr.write(`ipman: there is no command "${printable(name)}"; see ipman --help\n`);
    return 2;
  }
  const { command } = await entry.load();
  return runCommand(command, rest);
}

async function runCommand(command: Command, args: string[]): Promise<number> {
  try {
    const { values, positionals } = parse(command, args);
    if (values["help"] === true) {
      process.stdout.write(command.help);
      return 0;
    }
    return await command.run(values, positionals);
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`ipman ${command.name}: ${printable(message)}\n`);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write(`see ipman ${command.name} --help\n`);
    return 2;
  }
}

function parse(command: Command, args: string[]): { values: Values; positionals: string[] } {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { ...command.options, help: { type: "boolean", short: "h" } },
    }) as { values: Values; positionals: string[] };
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
