import type { ChildProcess } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, askOnce } from "../../src/adapters/control/client.ts";
import type { Dated } from "../../src/runtime/status/dated-status.ts";
import type { ConnectionStatus, Status } from "../../src/model/status/status.ts";
import { end, eventually, sh, start } from "./shell.ts";

const bin = join(import.meta.dirname, "../../bin/ipman");

/** A process of `ipman run` with its own folder of manifests. */
export class Ipman implements AsyncDisposable {
  readonly #folder: string;
  readonly #vici: string;
  #process: ChildProcess | undefined;

  constructor(folder: string, vici: string) {
    this.#folder = folder;
    this.#vici = vici;
    mkdirSync(this.manifests, { recursive: true });
  }

  get manifests(): string {
    return join(this.#folder, "manifests");
  }

  get state(): string {
    return "/run/ipman";
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Writes a manifest atomically. */
  apply(file: string, text: string): void {
    const next = join(this.manifests, `.${file}.new`);
    writeFileSync(next, text);
    renameSync(next, join(this.manifests, file));
  }

  remove(file: string): void {
    rmSync(join(this.manifests, file));
  }

  /** Starts ipman; resolves once it answers. */
  async start(...options: string[]): Promise<void> {
    await this.stop();
    const args = ["run", this.manifests, "--vici", this.#vici, "--log", "debug", ...options];
    this.#process = start(join(this.#folder, "ipman.log"), bin, args);
    await eventually(() => this.status(), 20_000);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#process !== undefined) await end(this.#process, signal);
    this.#process = undefined;
  }

  async status(): Promise<Status & Dated> {
    return (await askOnce(join(this.state, "control.sock"), { op: "status" })) as Status & Dated;
  }

  /** The text of a scrape. */
  async scrape(): Promise<string> {
    const response = await fetch("http://127.0.0.1:9740/metrics");
    return response.text();
  }

  /** Every series with its value: `name{label="value"}`. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const lines = (await this.scrape()).split("\n").filter((line) => /^[a-z]/.test(line));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  }

  /** Follows the runtime's status until it satisfies the condition. */
  async until(wanted: (status: Status) => boolean, timeoutMs = 20_000): Promise<Status> {
    const done = new AbortController();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      done.abort();
    }, timeoutMs);
    let last: Status | undefined;
    try {
      for await (const next of ask(
        join(this.state, "control.sock"),
        { op: "watch" },
        done.signal,
      )) {
        last = next as Status;
        if (wanted(last)) return last;
      }
    } catch (error) {
      if (!isLate) throw error;
      throw new Error(
        `the status is not as expected after ${timeoutMs} ms: ${JSON.stringify(last, null, 1)}`,
        {
          cause: error,
        },
      );
    } finally {
      clearTimeout(timer);
      done.abort();
    }
    throw new Error("the runtime ended its status stream");
  }

  /** Waits until a connection is ready. */
  async ready(id: string, timeoutMs?: number): Promise<ConnectionStatus> {
    const status = await this.until((s) => isReady(find(s, id)), timeoutMs);
    return find(status, id) as ConnectionStatus;
  }

  /** Waits until a connection, or one of its children, shows a reason. */
  async reason(id: string, reason: string, timeoutMs?: number): Promise<ConnectionStatus> {
    const shows = (c: ConnectionStatus | undefined) =>
      c?.failure?.reason === reason ||
      c?.conditions.some((condition) => condition.reason === reason) === true ||
      c?.children.some((child) => child.failure?.reason === reason) === true;
    const status = await this.until((s) => shows(find(s, id)), timeoutMs);
    return find(status, id) as ConnectionStatus;
  }

  /** Runs `ipman attach` and returns the address. */
  attach(netns: string, connection: string, child: string, ...options: string[]): string {
    const where = ["--netns", netns, "--connection", connection, "--child", child];
    return sh(bin, "attach", ...where, ...options).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}

export function find(status: Status, id: string): ConnectionStatus | undefined {
  return status.connections.find((connection) => connection.id === id);
}

function isReady(connection: ConnectionStatus | undefined): boolean {
  return (
    connection?.conditions.some(({ type, status }) => type === "Ready" && status === "True") ===
    true
  );
}
