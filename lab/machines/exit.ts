import type { ChildProcess } from "node:child_process";

/**
 * A process's exit status; 1 where a signal ended it. What would end this process meanwhile
 * ends that one, which may have a process group of its own, and so hears nothing of it.
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
