import { parseArgs } from "node:util";
import { UsageError, type Command, type Values } from "./command.ts";

/** Each command's module is loaded when it is called: `attach` starts in tens of milliseconds. */
const commands: Record<string, { summary: string; load: () => Promise<{ command: Command }> }> = {
  run: {
    summary: "keep the tunnels of a folder of manifests up, on this host",
    load: () => import("./run.ts"),
  },
  status: { summary: "what is up, and why not", load: () => import("./status.ts") },
  inspect: {
    summary: "look into the live state machines",
    load: () => import("./inspect.ts"),
  },
  rekey: { summary: "have CHILD SAs rekeyed now", load: () => import("./rekey.ts") },
  restart: {
    summary: "end a connection's IKE SA and negotiate anew",
    load: () => import("./restart.ts"),
  },
  attach: {
    summary: "put a network namespace behind a child",
    load: () => import("./attach.ts"),
  },
  validate: { summary: "check manifests", load: () => import("./validate.ts") },
  operator: {
    summary: "bring IPSecConnections about in a cluster",
    load: () => import("./operator.ts"),
  },
  agent: {
    summary: "keep one CharonGroup's tunnels up, on its node of a cluster",
    load: () => import("./agent.ts"),
  },
  crds: { summary: "print the custom resource definitions", load: () => import("./crds.ts") },
};

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
  const entry = commands[name];
  if (entry === undefined) {
    process.stderr.write(`ipman: there is no command "${name}"; see ipman --help\n`);
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
    process.stderr.write(`ipman ${command.name}: ${message}\n`);
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
