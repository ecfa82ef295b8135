import { spawnSync } from "node:child_process";

/** Two groups of addresses or networks, between which packets are dropped. */
export interface CutOptions {
  readonly between: readonly string[];
  readonly and: readonly string[];
  /** A match of nft that selects the packets, such as `udp dport 500`; all of them by default. */
  readonly only?: string;
}

/**
 * Drops packets on the lab's bridge, and those that the host forwards between the nodes' pods, until it
 * is disposed of. One cut at a time.
 */
export function cut({ between, and, only = "" }: CutOptions): Disposable {
  const rules = between.flatMap((one) =>
    and.flatMap((other) => [
      `ip saddr ${one} ip daddr ${other} ${only} drop`,
      `ip saddr ${other} ip daddr ${one} ${only} drop`,
    ]),
  );
  const chain = `chain forward { type filter hook forward priority 0\n${rules.join("\n")}\n}`;
  nft(`table bridge cut {\n${chain}\n}\ntable ip cut {\n${chain}\n}\n`);
  return {
    [Symbol.dispose]: () => nft("delete table bridge cut\ndelete table ip cut\n"),
  };
}

function nft(input: string): void {
  const { status, stderr } = spawnSync("nft", ["-f", "-"], { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`nft: ${stderr}\n${input}`);
}
