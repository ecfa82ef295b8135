import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { eventually } from "../../sites/shell.ts";
import type { PeerRoot } from "../peer-root.ts";

/** A daemon in the namespace `peer` and in a root of its own, with the processes that it forks. */
export class Daemon implements AsyncDisposable {
  readonly #root: PeerRoot;
  readonly #log: string;
  #process: ChildProcess | undefined;

  /** @param log the file that gets its output */
  constructor(root: PeerRoot, log: string) {
    this.#root = root;
    this.#log = log;
  }

  start(...command: string[]): void {
    const log = openSync(this.#log, "a");
    const args = ["netns", "exec", "peer", "chroot", this.#root.path, ...command];
    // A process group of its own, which signals reach as a whole.
    this.#process = spawn("ip", args, { detached: true, stdio: ["ignore", log, log] });
    closeSync(log);
  }

  async kill(): Promise<void> {
    const leader = this.#process;
    this.#process = undefined;
    if (leader?.pid === undefined) return;
    const group = -leader.pid;
    const hasEnded = leader.exitCode !== null || leader.signalCode !== null;
    const gone = hasEnded ? undefined : once(leader, "exit");
    if (isAlive(group)) process.kill(group, "SIGKILL");
    await gone;
    // The next one could not bind the ports that the last of them still holds.
    await eventually(() => {
      if (isAlive(group)) throw new Error(`a process of ${leader.spawnargs.join(" ")} stays`);
    });
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    if (this.#process?.pid === undefined) throw new Error("the daemon does not run");
    process.kill(-this.#process.pid, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

function isAlive(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}
