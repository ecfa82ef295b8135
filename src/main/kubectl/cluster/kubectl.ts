import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { printable, printableLines } from "../../../model/text/printable.ts";
import { isNoise, withoutNoise } from "./noise.ts";

/** kubectl, with the flags that name a cluster and a user. */
export class Kubectl {
  readonly #flags: readonly string[];
  /** The namespace that ipman is installed in, if the user named it. */
  readonly namespace: string | undefined;

  constructor(flags: readonly string[], namespace?: string) {
    this.#flags = flags;
    this.namespace = namespace;
  }

  /** Runs it to its end. @returns its output @throws {KubectlError} with its messages */
  async run(...args: readonly string[]): Promise<string> {
    const child = this.start(["ignore", "pipe", "pipe"], args);
    const [output, messages, status] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
      statusOf(child),
    ]);
    if (status === 0) return output;
    throw new KubectlError(`kubectl ${args.join(" ")}: ${withoutNoise(messages)}`, output);
  }

  /** The output of a command whose exit status reports a state, and not a failure. */
  async runAnyway(...args: readonly string[]): Promise<string> {
    try {
      return await this.run(...args);
    } catch (error) {
      if (error instanceof KubectlError && error.output !== "") return error.output;
      throw error;
    }
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run(...args, "-o", "json")) as T;
  }

  /** Runs it with its output on this terminal, made printable; returns its exit status. */
  async shown(...args: readonly string[]): Promise<number> {
    const child = this.start(["inherit", "pipe", "pipe"], args);
    copyPrintable(child.stdout, process.stdout);
    copyMessages(child.stderr);
    return statusOf(child);
  }

  /**
   * The lines of its output, as they come, until it ends or `signal` ends it.
   *
   * @throws {KubectlError} with its messages, if it fails
   */
  async *lines(signal: AbortSignal, ...args: readonly string[]): AsyncGenerator<string> {
    const child = this.start(["ignore", "pipe", "pipe"], args);
    const end = () => void child.kill();
    signal.addEventListener("abort", end, { once: true });
    try {
      if (signal.aborted) end();
      const messages = text(child.stderr as NodeJS.ReadableStream);
      const status = statusOf(child);
      yield* createInterface({ input: child.stdout as NodeJS.ReadableStream });
      if ((await status) === 0 || signal.aborted) return;
      throw new KubectlError(`kubectl ${args.join(" ")}: ${withoutNoise(await messages)}`, "");
    } finally {
      signal.removeEventListener("abort", end);
      end();
    }
  }

  start(stdio: ("ignore" | "pipe" | "inherit")[], args: readonly string[]): ChildProcess {
    return spawn("kubectl", [...this.#flags, ...args], { stdio });
  }
}

/** kubectl failed; `output` is what it had printed before. */
export class KubectlError extends Error {
  override readonly name = "KubectlError";
  readonly output: string;

  constructor(message: string, output: string) {
    super(message);
    this.output = output;
  }
}

/** Copies in pieces, as they come: the texts may be those of an earlier version, or of a peer. */
function copyPrintable(from: Readable | null, to: Writable): void {
  from?.setEncoding("utf8").on("data", (text: string) => to.write(printableLines(text)));
}

/** Copies messages to standard error, without kubectl's noise. */
function copyMessages(from: Readable | null): void {
  if (from === null) return;
  createInterface({ input: from.setEncoding("utf8") }).on("line", (line) => {
    if (!isNoise(line)) process.stderr.write(`${printable(line)}\n`);
  });
}

async function statusOf(child: ChildProcess): Promise<number> {
  try {
    const [status] = (await once(child, "close")) as [number | null];
    return status ?? 1;
  } catch (cause) {
    throw new Error("kubectl does not run: is it installed, and in $PATH?", { cause });
  }
}
