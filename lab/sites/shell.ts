import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { openSync } from "node:fs";

/** Runs a command to its end and returns its output. @throws with its standard error if it fails */
export function sh(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** `ip`, with the words of one string as arguments. */
export function ip(words: string): string {
  return sh("ip", ...words.split(" "));
}

/** A command in a named network namespace. */
export function inNetns(netns: string, words: string): string {
  return ip(`netns exec ${netns} ${words}`);
}

/** Starts a command that keeps running, with its output in a file. */
export function start(logFile: string, command: string, args: string[], env = {}): ChildProcess {
  const log = openSync(logFile, "a");
  return spawn(command, args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
}

const endMs = 20_000;

/** Ends a process and waits for its exit. @throws if it had to be killed after the time limit */
export async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const timer = setTimeout(() => child.kill("SIGKILL"), endMs);
  child.kill(signal);
  await gone;
  clearTimeout(timer);
  if (child.signalCode === "SIGKILL" && signal !== "SIGKILL") {
    throw new Error(`${child.spawnargs.join(" ")} did not end on ${signal} within ${endMs} ms`);
  }
}

/** Repeats `attempt` until it succeeds. @throws its last error after the time limit */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  timeoutMs = 10_000,
  everyMs = 20,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
