import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { end, eventually, ip, start } from "../sites/shell.ts";
import { journalIn, type JournalEntry, type LabPeer } from "./journal.ts";

const program = join(import.meta.dirname, "main.ts");

/** A process of simulated peers in the namespace of the peer, in place of the peer's charon. */
export class LabPeers implements AsyncDisposable {
  readonly #file: string;
  readonly #process: ChildProcess;

  private constructor(file: string, process: ChildProcess) {
    this.#file = file;
    this.#process = process;
  }

  /** Starts the peers; resolves once each listens on its address. */
  static async start(folder: string, peers: readonly LabPeer[]): Promise<LabPeers> {
    for (const { address } of peers) ip(`-n peer addr add ${address}/24 dev wire0`);
    const file = join(folder, "peers.jsonl");
    const command = ["netns", "exec", "peer", process.execPath, program, JSON.stringify(peers)];
    const started = new LabPeers(file, start(file, "ip", command));
    await eventually(() => {
      const listening = started.journal().filter(({ event }) => event === "listening");
      if (listening.length < peers.length) throw new Error(`${listening.length} peers listen`);
    }, 20_000);
    return started;
  }

  /** Whether no exception ended the process. */
  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Everything that the peers have noted. */
  journal(): JournalEntry[] {
    return journalIn(readFileSync(this.#file, "utf8"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#process, "SIGKILL");
  }
}
