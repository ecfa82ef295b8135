import { end, eventually, inNetns, start } from "./shell.ts";

/** The bytes that had arrived when the sender finished, and their rate. */
export interface Transferred {
  readonly bytes: number;
  readonly bits_per_second: number;
}

/** Sends an amount of data, such as `8M`, by TCP from one namespace to another. */
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
