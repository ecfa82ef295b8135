#!/usr/bin/env node
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Machine } from "./machines/machine.ts";
import { native } from "./machines/native.ts";
import { qemu } from "./machines/qemu.ts";
import { uml } from "./machines/uml.ts";

const machines: readonly Machine[] = [native, uml, qemu];

const help = `Runs a command as root in its own namespaces, on a machine whose kernel has IPsec.

usage: node lab/run.ts [options] -- COMMAND [ARGUMENT…]

  --machine NAME     ${machines.map((m) => m.name).join(", ")}; by default the first that works on this host
  --ready            prefer a machine that needs no kernel build
  --artifacts DIR    a folder that the command may write to ($ARTIFACTS)
  --beside           use another processor than a lab without this option
  --limit SECONDS    stop everything after this time (1200)
`;

function choose(name: string | undefined, ready: boolean): Machine {
  if (name !== undefined) return named(name);
  const possible = machines.filter((machine) => machine.unavailable() === undefined);
  const [first] = possible;
  if (first === undefined) throw new Error("no machine works on this host");
  return ready ? (possible.find((machine) => machine.ready()) ?? first) : first;
}

function named(name: string): Machine {
  const machine = machines.find((one) => one.name === name);
  if (machine === undefined) throw new Error(`no machine ${name}`);
  const reason = machine.unavailable();
  if (reason !== undefined) throw new Error(`machine ${name}: ${reason}`);
  return machine;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    machine: { type: "string" },
    ready: { type: "boolean", default: false },
    artifacts: { type: "string" },
    beside: { type: "boolean", default: false },
    limit: { type: "string", default: "1200" },
    help: { type: "boolean", default: false },
  },
});

if (values.help || positionals.length === 0) {
  process.stdout.write(help);
} else {
  const machine = choose(values.machine ?? process.env["IPMAN_LAB_MACHINE"], values.ready);
  const exchange = resolve(values.artifacts ?? mkdtempSync(join(tmpdir(), "ipman-lab-")));
  mkdirSync(exchange, { recursive: true });
  process.exitCode = await machine.run({
    exchange,
    limitSeconds: Number(values.limit),
    beside: values.beside,
    script: [
      `cd ${quote(process.cwd())}`,
      // This Node takes precedence over the host's.
      `export PATH=${quote(`${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`)}`,
      `export ARTIFACTS=${quote(exchange)}`,
      ...(process.env["NO_COLOR"] === undefined ? [] : ["export NO_COLOR=1"]),
      // The folders of the cache, which the machine's own environment does not have.
      ...["HOME", "XDG_CACHE_HOME", "IPMAN_CACHE"].flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [`export ${name}=${quote(value)}`];
      }),
      `exec ${positionals.map(quote).join(" ")}`,
    ].join("\n"),
  });
}
