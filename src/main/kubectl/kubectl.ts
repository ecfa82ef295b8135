import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { printableLines } from "../../model/text/printable.ts";

/** kubectl with the flags that say which cluster, as its user has it. */
export class Kubectl {
  readonly #flags: readonly string[];
  /** The namespace that ipman is installed in, where the user named it. */
  readonly namespace: string | undefined;

  constructor(flags: readonly string[], namespace?: string) {
    this.#flags = flags;
    this.namespace = namespace;
  }

  /** Runs it to its end and gives what it prints; a failure throws with what it said. */
  async run(...args: readonly string[]): Promise<string> {
    const child = this.start(["ignore", "pipe", "pipe"], args);
    const [out, error, status] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
      statusOf(child),
    ]);
    if (status === 0) return out;
    throw new KubectlError(`kubectl ${args.join(" ")}: ${error.trim()}`, out);
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run(...args, "-o", "json")) as T;
  }

  /** Runs it with its output on this terminal, made printable; gives its exit status. */
  async shown(...args: readonly string[]): Promise<number> {
    const child = this.start(["inherit", "pipe", "pipe"], args);
    show(child.stdout, process.stdout);
    show(child.stderr, process.stderr);
    return statusOf(child);
  }

  start(stdio: ("ignore" | "pipe" | "inherit")[], args: readonly string[]): ChildProcess {
    return spawn("kubectl", [...this.#flags, ...args], { stdio });
  }
}

/** It ended with a failure; `output` is what it had printed before. */
export class KubectlError extends Error {
  override readonly name = "KubectlError";
  readonly output: string;

  constructor(message: string, output: string) {
    super(message);
    this.output = output;
  }
}

/** As it comes: a pod's words may be those of an earlier version, or of a peer. */
function show(from: Readable | null, to: Writable): void {
  from?.setEncoding("utf8").on("data", (text: string) => to.write(printableLines(text)));
}

async function statusOf(child: ChildProcess): Promise<number> {
  try {
    const [status] = (await once(child, "close")) as [number | null];
    return status ?? 1;
  } catch (cause) {
    throw new Error("kubectl does not run: is it installed, and in $PATH?", { cause });
  }
}
