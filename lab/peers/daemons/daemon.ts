import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readlinkSync } from "node:fs";
import { eventually } from "../../sites/shell.ts";
import type { PeerRoot } from "../peer-root.ts";

/** A daemon in a network namespace and in a root of its own, with the processes that it forks. */
export class Daemon implements AsyncDisposable {
  readonly #root: PeerRoot;
  readonly #log: string;
  readonly #netns: string;
  #leader: ChildProcess | undefined;

  /** @param log the file that gets its output */
  constructor(root: PeerRoot, log: string, netns = "peer") {
    this.#root = root;
    this.#log = log;
    this.#netns = netns;
  }

  start(...command: string[]): void {
    const log = openSync(this.#log, "a");
    const args = ["netns", "exec", this.#netns, "chroot", this.#root.path, ...command];
    this.#leader = spawn("ip", args, { stdio: ["ignore", log, log] });
    closeSync(log);
  }

  async kill(): Promise<void> {
    const leader = this.#leader;
    this.#leader = undefined;
    if (leader === undefined) return;
    const hasEnded = leader.exitCode !== null || leader.signalCode !== null;
    const gone = hasEnded ? undefined : once(leader, "exit");
    leader.kill("SIGKILL");
    this.signal("SIGKILL");
    await gone;
    // The next one could not bind the ports that the last of them still holds.
    await eventually(() => {
      if (this.#processes().length > 0) throw new Error(`a process stays: ${leader.spawnfile}`);
    });
  }

  /** Sends a signal to each of its processes. */
  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    for (const pid of this.#processes()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended with another one.
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  /** The ids of its processes. Their root is the daemon's or below it, as that of iked's workers. */
  #processes(): number[] {
    const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
    return pids.filter((pid) => rootOf(pid)?.startsWith(this.#root.path));
  }
}

/** The root folder of a process; undefined if it has ended. */
function rootOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/root`);
  } catch {
    return undefined;
  }
}
