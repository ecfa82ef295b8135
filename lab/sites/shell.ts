import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { openSync } from "node:fs";

/** Runs a command to its end and gives its output; a failure throws with what it said. */
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

/** Starts a command that goes on, with its output in a file. */
export function start(logFile: string, command: string, args: string[], env = {}): ChildProcess {
  const log = openSync(logFile, "a");
  return spawn(command, args, { stdio: ["ignore", log, log], env: { ...process.env, ...env } });
}

const endMs = 20_000;

/** Ends a process and waits until it is gone; one that does not go is killed, and an error. */
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

/** Tries until `attempt` gives something, or throws what it threw last. */
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
