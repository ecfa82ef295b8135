import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { exitOf } from "./exit.ts";
import type { Machine } from "./machine.ts";

const init = join(import.meta.dirname, "uml-init.sh");
const builder = join(import.meta.dirname, "../kernel/build.sh");
const memory = "3072M";

/** The lab's kernel as an ordinary process, on the host's file tree; see kernel/build.sh. */
export const uml: Machine = {
  name: "uml",
  unavailable: () => (process.arch === "x64" ? undefined : "User-Mode Linux needs x86-64"),
  ready: () => spawnSync(builder, ["--if-built"], { stdio: "ignore" }).status === 0,
  run: async ({ script, exchange, limitSeconds, beside }) => {
    writeFileSync(join(exchange, "job"), script);
    const [program = "", ...args] = umlCommand({
      memory,
      exchange,
      limitSeconds,
      processor: Math.max(0, availableParallelism() - (beside ? 2 : 1)),
    });
    await exitOf(spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] }));
    // The kernel's own exit status does not depend on the job.
    const status = join(exchange, "status");
    return existsSync(status) ? Number(readFileSync(status, "utf8")) : 1;
  },
};

export interface UmlOptions {
  /** As the kernel writes it: `3072M`. */
  readonly memory: string;
  /** With the script `job`; see {@link Machine}. */
  readonly exchange: string;
  readonly limitSeconds: number;
  /** The processor that the machine is pinned to. */
  readonly processor: number;
  /** The tap device that becomes the machine's `vec0`, if any. */
  readonly tap?: string;
  /** The MAC address of `vec0`, which is random by default. */
  readonly mac?: string;
}

/** The command that runs a job in a machine. */
export function umlCommand(options: UmlOptions): string[] {
  const { memory, exchange, limitSeconds, processor, tap, mac } = options;
  const address = mac === undefined ? "" : `,mac=${mac}`;
  const boot = [
    `mem=${memory} rootfstype=hostfs rootflags=/ ro init=${init}`,
    // The kernel uses ptrace on hosts that forbid seccomp, which takes twice the time.
    "seccomp=auto con0=fd:0,fd:1 con=null ssl=null quiet",
    `ipman.exchange=${exchange}`,
    ...(tap === undefined ? [] : [`vec0:transport=tap,ifname=${tap},depth=128,gro=1${address}`]),
  ];
  // Either the kernel or one process runs. On one processor, the change is a context switch; on
  // two, it wakes an idle processor, seven times as slow on virtual processors.
  const pinned = ["taskset", "--cpu-list", String(processor)];
  const words = boot.join(" ").split(" ");
  return ["timeout", "--kill-after=5", String(limitSeconds), ...pinned, buildKernel(), ...words];
}

function buildKernel(): string {
  const { status, stdout } = spawnSync(builder, { stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error("the lab's kernel could not be built");
  return stdout.toString().trim();
}
