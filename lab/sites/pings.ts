import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { sh } from "./shell.ts";

/** The result of the counted pings. */
export interface Pinged {
  readonly sent: number;
  readonly received: number;
  /** The sequence number of each unanswered ping, with the time of the last answer before it. */
  readonly lost: readonly string[];
}

/**
 * The number of pings that are sent after the counted ones. ping waits no longer than two round
 * trips for its last answers, whatever its -W says, and not at all when it is interrupted (ping(8)):
 * a machine that is busy at that moment would look like a tunnel that loses packets.
 */
export const uncounted = 50;
const mostMs = 10_000;

/** The result of `count` pings without a loss. */
export function noneLost(count: number): Pinged {
  return { sent: count, received: count, lost: [] };
}

/** The arguments of a ping every 10 ms, whose output {@link countPings} reads. */
export function pingArguments(address: string, ...options: string[]): string[] {
  return ["-n", "-D", "-i", "0.01", ...options, address];
}

/** The same arguments, for a number of counted pings. */
export function countedArguments(count: number, address: string, ...options: string[]): string[] {
  return pingArguments(address, "-c", String(count + uncounted), ...options);
}

/** Pings from a namespace; a loss is not an error. */
export function pings(netns: string, count: number, address: string, ...options: string[]): Pinged {
  return countPings(outputOf(netns, countedArguments(count, address, ...options)));
}

/** The number of pings that were answered within a second. */
export function answered(netns: string, address: string, ...options: string[]): number {
  return statistics(outputOf(netns, ["-n", "-q", "-W", "1", ...options, address])).received;
}

function outputOf(netns: string, args: string[]): string {
  try {
    return sh("ip", "netns", "exec", netns, "ping", ...args);
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    if (stdout === "") throw new Error(stderr, { cause: error });
    return stdout;
  }
}

/** A ping every 10 ms, until it is stopped. */
export class Pinging {
  readonly #process;
  readonly #end: Promise<unknown>;
  #output = "";

  constructor(netns: string, address: string) {
    const args = ["netns", "exec", netns, "ping", ...pingArguments(address)];
    this.#process = spawn("ip", args, { stdio: ["ignore", "pipe", "ignore"] });
    this.#process.stdout.setEncoding("utf8");
    this.#process.stdout.on("data", (text: string) => (this.#output += text));
    this.#end = once(this.#process, "close");
  }

  /** Waits for the first answer. @throws if there is none for a while */
  async begun(): Promise<void> {
    const since = performance.now();
    while (this.#answered === 0) {
      if (performance.now() - since > mostMs) throw new Error("no ping was answered");
      await pause(20);
    }
  }

  /**
   * Ends it once {@link uncounted} more were answered, or after a while in which they were not: a
   * busy machine sends fewer than a hundred a second.
   */
  async stop(): Promise<Pinged> {
    const wanted = Math.max(this.#answered, 1) + uncounted;
    const since = performance.now();
    const isWaiting = () =>
      this.#process.exitCode === null &&
      this.#answered < wanted &&
      performance.now() - since < mostMs;
    while (isWaiting()) await pause(20);
    this.#process.kill("SIGINT");
    await this.#end;
    return countPings(this.#output);
  }

  /** The highest sequence number that was answered; 0 before the first. */
  get #answered(): number {
    return Number(/.*icmp_seq=(\d+) ttl/s.exec(this.#output)?.[1] ?? 0);
  }
}

/**
 * Counts the answers in the output of `ping -D`, without the last {@link uncounted} pings.
 *
 * @throws if none is left to count
 */
export function countPings(output: string): Pinged {
  const sent = statistics(output).sent - uncounted;
  if (sent < 1) throw new Error(`too few pings were sent: ${sent + uncounted}\n${output}`);
  const answers = new Map<number, string>();
  for (const [, second, sequence] of output.matchAll(/^\[(\d+)\.\d+\].*icmp_seq=(\d+) ttl/gm))
    answers.set(Number(sequence), new Date(Number(second) * 1_000).toISOString());
  const lost: string[] = [];
  let at = "the beginning";
  for (let sequence = 1; sequence <= sent; sequence++) {
    const answer = answers.get(sequence);
    if (answer === undefined) lost.push(`${sequence}, after ${at}`);
    else at = answer;
  }
  return { sent, received: sent - lost.length, lost };
}

/** The longest time between two answers in the output of `ping -D`; milliseconds. */
export function longestGapMs(output: string): number {
  const times = [...output.matchAll(/^\[(\d+\.\d+)\].* ttl/gm)].map(([, time]) => Number(time));
  const gaps = times.map((time, at) => time - (times[at - 1] ?? time));
  return Math.round(Math.max(0, ...gaps) * 1_000);
}

/** The totals that ping prints at its end. */
export function statistics(output: string): { readonly sent: number; readonly received: number } {
  const match = /(\d+) packets transmitted, (\d+) received/.exec(output);
  if (match === null) throw new Error(`no ping statistics in: ${output}`);
  return { sent: Number(match[1]), received: Number(match[2]) };
}
