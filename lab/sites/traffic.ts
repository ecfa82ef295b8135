import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { end, eventually, inNetns, sh, start } from "./shell.ts";

/** What a ping reported. */
export interface Pinged {
  readonly sent: number;
  readonly received: number;
}

/** Pings from a namespace and gives what came back; a loss is no error. */
export function ping(netns: string, address: string, ...options: string[]): Pinged {
  const args = ["netns", "exec", netns, "ping", "-n", "-q", "-W", "1", ...options, address];
  try {
    return parsePings(sh("ip", ...args));
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    if (stdout === "") throw new Error(stderr, { cause: error });
    return parsePings(stdout);
  }
}

/** A ping every 10 ms, until it is stopped. */
export class Pinging {
  readonly #process;
  readonly #output: Promise<string>;
  readonly #first: Promise<unknown>;

  constructor(netns: string, address: string) {
    const args = ["netns", "exec", netns, "ping", "-n", "-i", "0.01", "-W", "1", address];
    this.#process = spawn("ip", args, { stdio: ["ignore", "pipe", "ignore"] });
    this.#first = new Promise((resolve) => this.#process.stdout.once("data", resolve));
    this.#output = text(this.#process.stdout);
  }

  async stop(): Promise<Pinged> {
    await this.#first;
    this.#process.kill("SIGINT");
    return parsePings(await this.#output);
  }
}

/** What had arrived when the sender was done. */
export interface Transferred {
  readonly bytes: number;
  readonly bits_per_second: number;
}

/** Sends as much (`8M`) by TCP from one namespace to another. */
export async function transfer(
  to: string,
  from: string,
  address: string,
  size: string,
  ...options: string[]
): Promise<Transferred> {
  const server = start("/tmp/iperf.log", "ip", ["netns", "exec", to, "iperf3", "-s", "-1"]);
  await eventually(() => {
    if (!inNetns(to, "ss -Hltn sport = :5201").includes("5201")) throw new Error("not yet");
  });
  const report = inNetns(from, ["iperf3", "-J", "-c", address, "-n", size, ...options].join(" "));
  await end(server);
  return (JSON.parse(report) as { end: { sum_received: Transferred } }).end.sum_received;
}

/** The pings that were passed over in what `ping -D` said, each with when one before was answered. */
export function lostIn(output: string): string[] {
  const answers = output.matchAll(/^\[(\d+)\.\d+\].*icmp_seq=(\d+) /gm);
  const lost: string[] = [];
  let [last, at] = [0, "the beginning"];
  for (const [, second, sequence] of answers) {
    const next = Number(sequence);
    for (let one = last + 1; one < next; one++) lost.push(`${one}, after ${at}`);
    [last, at] = [Math.max(last, next), new Date(Number(second) * 1_000).toISOString()];
  }
  return lost;
}

/** What ping said at its end. */
export function parsePings(output: string): Pinged {
  const match = /(\d+) packets transmitted, (\d+) received/.exec(output);
  if (match === null) throw new Error(`no ping statistics in: ${output}`);
  return { sent: Number(match[1]), received: Number(match[2]) };
}
