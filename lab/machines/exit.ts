import type { ChildProcess } from "node:child_process";

/**
 * Returns the exit status of a process; 1 if a signal ended it. A signal that would end this process
 * meanwhile is passed to that process, which may be in another process group and not receive it.
 */
export async function exitOf(child: ChildProcess): Promise<number> {
  const end = () => child.kill("SIGTERM");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status) => resolve(status ?? 1));
    });
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  }
}
