import type { Command } from "../../options/command.ts";
import {
  longName,
  UsageError,
  type ArgumentTable,
  type CommandOption,
  type OptionTable,
  type ValuesOf,
} from "../../options/option.ts";
import { flag, optionalText, repeated } from "../../options/kinds.ts";
import { Kubectl } from "./kubectl.ts";

const hidden = { hidden: true };

/** Options of kubectl itself, which every call of kubectl gets. */
const passed = {
  context: optionalText("--context <name>", "the kubeconfig's context"),
  kubeconfig: optionalText("--kubeconfig <file>", "the kubeconfig", { offers: "files" }),
  cluster: optionalText("--cluster <name>", "the kubeconfig's cluster", hidden),
  user: optionalText("--user <name>", "the kubeconfig's user", hidden),
  server: optionalText("-s, --server <url>", "the API server", hidden),
  token: optionalText("--token <token>", "bearer token", hidden),
  as: optionalText("--as <user>", "user to impersonate", hidden),
  asUid: optionalText("--as-uid <uid>", "UID to impersonate", hidden),
  asGroup: repeated("--as-group <group>", "group to impersonate; may be repeated", hidden),
  certificateAuthority: optionalText(
    "--certificate-authority <file>",
    "certificates of the API server's authority",
    hidden,
  ),
  clientCertificate: optionalText("--client-certificate <file>", "client certificate", hidden),
  clientKey: optionalText("--client-key <file>", "key of the client certificate", hidden),
  tlsServerName: optionalText(
    "--tls-server-name <name>",
    "name in the API server's certificate",
    hidden,
  ),
  insecureSkipTlsVerify: flag(
    "--insecure-skip-tls-verify",
    "accept any certificate of the API server",
    hidden,
  ),
  disableCompression: flag("--disable-compression", "ask for answers without compression", hidden),
  requestTimeout: optionalText("--request-timeout <duration>", "time limit of a request", hidden),
  cacheDir: optionalText("--cache-dir <folder>", "folder of kubectl's cache", hidden),
};

/** The options that every command of `kubectl ipman` accepts. */
export const clusterOptions = {
  namespace: optionalText(
    "-n, --namespace <name>",
    "the namespace that ipman is installed in, if more than one has agents",
  ),
  allNamespaces: flag("-A, --all-namespaces", "look for agents in all namespaces (the default)"),
  ...passed,
};

/** A command that calls kubectl for the cluster that the command line names. */
export function defineClusterCommand<
  const Arguments extends ArgumentTable,
  const Options extends OptionTable,
>(
  command: Omit<Command<Arguments, Options>, "run"> & {
    run(values: ValuesOf<Arguments> & ValuesOf<Options>, kubectl: Kubectl): Promise<number>;
  },
): Command<Arguments, Options, typeof clusterOptions> {
  return { ...command, run: async (values, cluster) => command.run(values, kubectlFor(cluster)) };
}

function kubectlFor(values: ValuesOf<typeof clusterOptions>): Kubectl {
  const { namespace, allNamespaces } = values;
  if (allNamespaces && namespace !== undefined)
    throw new UsageError("--namespace and --all-namespaces exclude each other");
  const flags = Object.entries<CommandOption<unknown>>(passed).flatMap(([name, option]) =>
    given(longName(option), values[name as keyof typeof passed]),
  );
  return new Kubectl(flags, namespace);
}

/** kubectl by the options of a command line that is still being typed. */
export function kubectlWhileTyped(values: ReadonlyMap<string, string>): Kubectl {
  const flags = Object.values<CommandOption<unknown>>(passed).flatMap((option) =>
    given(longName(option), values.get(longName(option))),
  );
  return new Kubectl(flags, values.get(longName(clusterOptions.namespace)));
}

function given(flag: string, value: string | boolean | readonly string[] | undefined): string[] {
  if (typeof value === "string") return [`${flag}=${value}`];
  if (Array.isArray(value)) return value.map((item) => `${flag}=${item}`);
  return value === true ? [flag] : [];
}
