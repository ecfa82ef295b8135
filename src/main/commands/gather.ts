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
import type { BufferedLine } from "../../runtime/logs/log-buffer.ts";
import type { Status } from "../../model/status/status.ts";
import { defineCommand } from "../options/command.ts";
import { stateFolder } from "../options/common.ts";
import { controlSocket } from "../options/defaults.ts";
import { text } from "../options/kinds.ts";
import { findingLines } from "../text/finding-lines.ts";
import { Archive, defaultArchive } from "../archive/archive.ts";
import { formatLogLine } from "./logs.ts";

/** The file that an archive is written to. */
export const archiveFile = text("-o, --output <file>", "the archive", defaultArchive, {
  offers: "files",
});

export const command = defineCommand({
  details: `Packs what "ipman run" on this host knows: its status, each actor with its state, and the log and a
diagnosis of each connection. Adds the devices, addresses, routes, FDB entries, xfrm policies, SAs
without their keys, and packet filters of the host and of each named network namespace. It changes
nothing. If no runtime answers, it packs the host's part.

It reads no secret and removes everything that looks like one. Check the archive nonetheless before
you pass it on.`,
  arguments: {},
  options: { output: archiveFile, state: stateFolder },
  run: async ({ output, state }) => {
    using archive = new Archive();
    await addRuntime(archive, controlSocket(state));
    await addHost(archive);
    process.stdout.write(archive.write(output));
    return 0;
  },
});

async function addRuntime(archive: Archive, socket: string): Promise<void> {
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
    const folder = `connections/${connection}`;
    await archive.put(`${folder}/log.txt`, () =>
      linesOf(socket, { op: "logs", connection }, (line) => formatLogLine(line as BufferedLine)),
    );
    await archive.put(`${folder}/diagnosis.txt`, async () => {
      const findings = await Array.fromAsync(ask(socket, { op: "diagnose", connection }));
      return findingLines(connection, findings as Finding[]).join("\n");
    });
  }
}

async function linesOf(
  socket: string,
  request: ControlRequest,
  format: (result: unknown) => string,
): Promise<string> {
  return (await Array.fromAsync(ask(socket, request), format)).join("\n");
}

/** Commands for each network namespace; without `nokeys`, `ip` prints the keys of SAs. */
const kernelCommands: Readonly<Record<string, readonly string[]>> = {
  links: ["ip", "-d", "-s", "address"],
  routes: ["ip", "route", "show", "table", "all"],
  routes6: ["ip", "-6", "route", "show", "table", "all"],
  neighbours: ["ip", "neighbour"],
  fdb: ["bridge", "fdb"],
  "xfrm-policies": ["ip", "xfrm", "policy"],
  "xfrm-states": ["ip", "-s", "xfrm", "state", "list", "nokeys"],
  "packet-filter": ["nft", "list", "ruleset"],
};

async function addHost(archive: Archive): Promise<void> {
  await archive.put("host.txt", async () => {
    const { versions } = process;
    const charon = await outputOf(["swanctl", "--version"]).catch(String);
    return `Linux ${release()} ${arch()} ${version()}\nNode ${versions.node}\n${charon}`;
  });
  const namespaces = existsSync(netnsFolder) ? readdirSync(netnsFolder) : [];
  for (const [file, kernelCommand] of Object.entries(kernelCommands)) {
    await archive.put(`host/${file}.txt`, () => outputOf(kernelCommand));
    for (const name of namespaces) {
      const inNamespace = ["ip", "netns", "exec", name, ...kernelCommand];
      await archive.put(`namespaces/${name}/${file}.txt`, () => outputOf(inNamespace));
    }
  }
}

/** The most bytes of a program's output that are kept. */
const mostOutput = 64 * 1_024 * 1_024;

async function outputOf([program = "", ...args]: readonly string[]): Promise<string> {
  const limits = { maxBuffer: mostOutput, timeout: 30_000 };
  const { stdout } = await promisify(execFile)(program, args, limits);
  return stdout;
}
