import { backoffMs } from "../../model/time/backoff.ts";

const diskFailures: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EROFS", "EDQUOT", "EIO"]);

/** Whether a disk refused a write, which may pass while the process runs. */
export function isDiskFailure(error: unknown): boolean {
  return diskFailures.has((error as NodeJS.ErrnoException).code);
}

/**
 * Starts a server with a socket in a folder. If the disk accepts no new file, the process continues
 * without the server, and retries with a backoff.
 *
 * @throws if the server cannot start for any other reason
 */
export async function servedAnyway(
  listen: () => Promise<AsyncDisposable>,
  onTrouble: (error: unknown) => void,
): Promise<AsyncDisposable> {
  const resources = new AsyncDisposableStack();
  let timer: NodeJS.Timeout | undefined;
  resources.defer(() => clearTimeout(timer));
  const attempt = async (failures: number): Promise<void> => {
    try {
      const server = await listen();
      if (resources.disposed) await server[Symbol.asyncDispose]();
      else resources.use(server);
    } catch (error) {
      if (failures === 0 && !isDiskFailure(error)) throw error;
      onTrouble(error);
      if (resources.disposed) return;
      timer = setTimeout(() => void attempt(failures + 1), backoffMs(failures + 1));
    }
  };
  await attempt(0);
  return resources;
}
