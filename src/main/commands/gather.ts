import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { arch, release, version } from "node:os";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { ask, askOnce } from "../../adapters/control/client.ts";
import type { ControlRequest } from "../../adapters/control/protocol.ts";
import { netnsFolder } from "../../adapters/linux/namespace.ts";
import { isObjectName } from "../../model/api/names.ts";
import type { Finding } from "../../model/status/finding.ts";
import type { RecentLine } from "../../runtime/logs/recent.ts";
import type { Status } from "../../model/status/status.ts";
import { Archive, defaultArchive } from "./archive.ts";
import { textOption, UsageError, type Command } from "../options/command.ts";
import { controlSocket, defaultStateFolder } from "../options/defaults.ts";
import { findingLines } from "../text/finding-lines.ts";
import { recentLine } from "./logs.ts";

export const command: Command = {
  name: "gather",
  summary: "an archive for who is asked for help, without secrets",
  help: `usage: ipman gather [options]

Packs what this host's "ipman run" sees: its status, each actor with its state, of each
connection what was logged and a diagnosis; and of the host and its network namespaces the
devices, addresses, routes, FDB entries, xfrm policies, SAs without their keys, and the
packet filter. It changes nothing. Where no runtime answers, the host's part is packed.

No secret is read for it, and whatever looks like one is taken out; look into it nonetheless
before you pass it on.

options:
  -o FILE        where it goes (${defaultArchive})
  --state DIR    the runtime's --state folder (${defaultStateFolder})
`,
  options: { output: { type: "string", short: "o" }, state: { type: "string" } },
  run: async (values, positionals) => {
    if (positionals.length > 0) throw new UsageError("it takes no arguments");
    using archive = new Archive();
    const socket = controlSocket(textOption(values, "state", defaultStateFolder));
    await ofRuntime(archive, socket);
    await ofHost(archive);
    process.stdout.write(archive.write(textOption(values, "output", defaultArchive)));
    return 0;
  },
};

async function ofRuntime(archive: Archive, socket: string): Promise<void> {
  const connections: string[] = [];
  await archive.put("status.yaml", async () => {
    const status = (await askOnce(socket, { op: "report" })) as Status;
    connections.push(...status.connections.map(({ id }) => id).filter(isObjectName));
    return stringify(status);
  });
  await archive.put("actors.jsonl", () =>
    linesOf(socket, { op: "inspect", once: true }, (told) => JSON.stringify(told)),
  );
  for (const connection of connections) {
    const at = `connections/${connection}`;
    await archive.put(`${at}/log.txt`, () =>
      linesOf(socket, { op: "logs", connection }, (line) => recentLine(line as RecentLine)),
    );
    await archive.put(`${at}/diagnosis.txt`, async () => {
      const found = await Array.fromAsync(ask(socket, { op: "diagnose", connection }));
      return findingLines(connection, found as Finding[]).join("\n");
    });
  }
}

async function linesOf(
  socket: string,
  request: ControlRequest,
  lineOf: (told: unknown) => string,
): Promise<string> {
  return (await Array.fromAsync(ask(socket, request), lineOf)).join("\n");
}

/** Of each network namespace; `ip` prints the keys of SAs where nobody tells it not to. */
const looks: Readonly<Record<string, readonly string[]>> = {
  links: ["ip", "-d", "-s", "address"],
  routes: ["ip", "route", "show", "table", "all"],
  routes6: ["ip", "-6", "route", "show", "table", "all"],
  neighbours: ["ip", "neighbour"],
  fdb: ["bridge", "fdb"],
  "xfrm-policies": ["ip", "xfrm", "policy"],
  "xfrm-states": ["ip", "-s", "xfrm", "state", "list", "nokeys"],
  "packet-filter": ["nft", "list", "ruleset"],
};

async function ofHost(archive: Archive): Promise<void> {
  await archive.put("host.txt", async () => {
    const { versions } = process;
    const charon = await printed(["swanctl", "--version"]).catch(String);
    return `Linux ${release()} ${arch()} ${version()}\nNode ${versions.node}\n${charon}`;
  });
  const namespaces = existsSync(netnsFolder) ? readdirSync(netnsFolder) : [];
  for (const [file, look] of Object.entries(looks)) {
    await archive.put(`host/${file}.txt`, () => printed(look));
    for (const name of namespaces) {
      const there = ["ip", "netns", "exec", name, ...look];
      await archive.put(`namespaces/${name}/${file}.txt`, () => printed(there));
    }
  }
}

const most = 64 * 1_024 * 1_024;

async function printed([program = "", ...args]: readonly string[]): Promise<string> {
  const limits = { maxBuffer: most, timeout: 30_000 };
  const { stdout } = await promisify(execFile)(program, args, limits);
  return stdout;
}
