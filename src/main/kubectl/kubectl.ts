import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** kubectl with the flags that say which cluster, as its user has it. */
export class Kubectl {
  readonly #flags: readonly string[];

  constructor(flags: readonly string[]) {
    this.#flags = flags;
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

  /** Runs it with this terminal; gives its exit status. */
  async attached(...args: readonly string[]): Promise<number> {
    return statusOf(this.start(["inherit", "inherit", "inherit"], args));
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

async function statusOf(child: ChildProcess): Promise<number> {
  try {
    const [status] = (await once(child, "close")) as [number | null];
    return status ?? 1;
  } catch (cause) {
    throw new Error("kubectl does not run: is it installed, and in $PATH?", { cause });
  }
}
