import { parseArgs, type ParseArgsConfig } from "node:util";
import { printable } from "../../model/text/printable.ts";
import { UsageError, type Values } from "../options/command.ts";
import { agentOf, ipmanIn } from "./agents.ts";
import { gather } from "./gather.ts";
import { inspect } from "./inspect.ts";
import { Kubectl } from "./kubectl.ts";
import { logs } from "./logs.ts";
import { status } from "./status.ts";

const help = `kubectl ipman: what tunnels do, and why.

usage: kubectl ipman COMMAND [OPTIONS]

  status                   what is up, since when, and why not  [-o json|yaml]
  describe CONNECTION      everything about one  [-o json|yaml]
  diagnose CONNECTION [CHILD]
                           the cause, when it carries no traffic  [--ping ADDRESS] [--rekey]
  inspect CONNECTION       its live state charts, in a browser  [--port PORT] [--no-open]
  logs CONNECTION          what operator, agent and charon logged of it  [--since 1h]
  rekey CONNECTION [CHILD] have CHILD SAs rekeyed now
  restart CONNECTION       end its IKE SA and negotiate anew
  gather                   an archive for who is asked for help, without secrets  [-o FILE]

Which cluster: --context, --kubeconfig and --cluster, as for kubectl itself.
-n NAMESPACE says where ipman is installed, if more than one namespace has agents.
`;

const cluster = ["context", "kubeconfig", "cluster"] as const;
const options: NonNullable<ParseArgsConfig["options"]> = {
  ...Object.fromEntries(cluster.map((name) => [name, { type: "string" as const }])),
  namespace: { type: "string", short: "n" },
  output: { type: "string", short: "o" },
  since: { type: "string" },
  ping: { type: "string" },
  rekey: { type: "boolean" },
  port: { type: "string" },
  "no-open": { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

/** `kubectl ipman`; gives the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    process.stderr.write(`kubectl ipman: ${printable((error as Error).message)}\n`);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write("see kubectl ipman --help\n");
    return 2;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parsed(args);
  const [command, ...rest] = positionals;
  if (command === undefined || command === "help" || values["help"] === true) {
    process.stdout.write(help);
    return command === undefined && values["help"] !== true ? 2 : 0;
  }
  const flags = cluster.flatMap((name) => {
    const value = values[name];
    return typeof value === "string" ? [`--${name}`, value] : [];
  });
  const { namespace } = values;
  const kubectl = new Kubectl(flags, typeof namespace === "string" ? namespace : undefined);
  switch (command) {
    case "status":
      return status(kubectl, values);
    case "gather":
      return gather(kubectl, values);
    case "inspect":
      return inspect(kubectl, values, connectionIn(rest));
    case "logs":
      return logs(kubectl, values, connectionIn(rest));
    case "describe":
    case "diagnose":
    case "rekey":
    case "restart":
      return inAgent(kubectl, command, values, rest);
    default:
      throw new UsageError(`there is no command "${command}"`);
  }
}

/** What the agent's own `ipman` does. */
async function inAgent(
  kubectl: Kubectl,
  command: string,
  values: Values,
  rest: readonly string[],
): Promise<number> {
  const agent = await agentOf(kubectl, connectionIn(rest));
  const own = ["output", "ping"].flatMap((name) => {
    const value = values[name];
    return typeof value === "string" ? [`--${name}`, value] : [];
  });
  const flags = values["rekey"] === true ? ["--rekey"] : [];
  return kubectl.shown(...ipmanIn(agent, command, ...rest, ...own, ...flags));
}

function connectionIn([connection]: readonly string[]): string {
  if (connection === undefined) throw new UsageError("name a connection");
  return connection;
}

function parsed(args: readonly string[]): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options }) as {
      values: Values;
      positionals: string[];
    };
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
