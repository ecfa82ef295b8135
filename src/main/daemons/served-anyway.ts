import { backoffMs } from "../../model/time/backoff.ts";

const diskFailures: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EROFS", "EDQUOT", "EIO"]);

const portFailures: ReadonlySet<string | undefined> = new Set([
  "EADDRINUSE",
  "EADDRNOTAVAIL",
  "EACCES",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Whether a disk refused a write, which may pass while the process runs. */
export function isDiskFailure(error: unknown): boolean {
  return diskFailures.has((error as NodeJS.ErrnoException).code);
}

/** Whether an address cannot be listened on at present. */
export function isPortFailure(error: unknown): boolean {
  return portFailures.has((error as NodeJS.ErrnoException).code);
}

/** Milliseconds between checks of a server that may be removed. */
const checkMs = 2_000;

/** A server that the tunnels do without. */
export interface Service<Server extends AsyncDisposable> {
  readonly listen: () => Promise<Server>;
  /** Whether a failure at the start may pass; any other one ends the start of the process. */
  readonly mayPass: (error: unknown) => boolean;
  /** Receives each failure that differs from the one before. */
  readonly onTrouble: (error: unknown) => void;
  /** For a server that other programs can remove. */
  readonly removal?: {
    /** Whether clients still reach the server. */
    readonly isPresent: (server: Server) => boolean;
    /** Called before the server starts again. */
    readonly onRemoved: () => void;
  };
}

/**
 * Starts a server. While it cannot start, the process continues without it, and retries with a
 * backoff; it starts again after it was removed.
 *
 * @throws if the server cannot start, for a reason that will not pass
 */
export async function servedAnyway<Server extends AsyncDisposable>(
  service: Service<Server>,
): Promise<AsyncDisposable> {
  const running = new RunningService(service);
  await running.attempt(0);
  return running;
}

class RunningService<Server extends AsyncDisposable> implements AsyncDisposable {
  readonly #service: Service<Server>;
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #reported = "";

  constructor(service: Service<Server>) {
    this.#service = service;
  }

  /** @param failures the attempts that failed before */
  async attempt(failures: number): Promise<void> {
    const { listen, mayPass } = this.#service;
    try {
      const server = await listen();
      if (this.#ended) return await server[Symbol.asyncDispose]();
      this.#server = server;
      this.#reported = "";
      this.#checkLater();
    } catch (error) {
      if (failures === 0 && !mayPass(error)) throw error;
      this.#report(error);
      if (this.#ended) return;
      const wait = backoffMs(failures + 1);
      this.#timer = setTimeout(() => void this.attempt(failures + 1), wait);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#server?.[Symbol.asyncDispose]();
  }

  #checkLater(): void {
    if (this.#service.removal === undefined) return;
    this.#timer = setTimeout(() => void this.#check(), checkMs);
  }

  async #check(): Promise<void> {
    const { removal, onTrouble } = this.#service;
    const server = this.#server;
    if (removal === undefined || server === undefined) return;
    if (removal.isPresent(server)) return this.#checkLater();
    this.#server = undefined;
    try {
      await server[Symbol.asyncDispose]();
      removal.onRemoved();
    } catch (error) {
      onTrouble(error);
    }
    // Not the first attempt: no failure ends a process that runs.
    if (!this.#ended) await this.attempt(1);
  }

  #report(error: unknown): void {
    const text = String(error);
    if (text !== this.#reported) this.#service.onTrouble(error);
    this.#reported = text;
  }
}
