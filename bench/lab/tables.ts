import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { applyPlan } from "../../src/adapters/network/apply-plan.ts";
import type { NetworkPlan } from "../../src/model/network/network-plan.ts";
import { formatAddress, type Address } from "../../src/model/net/address.ts";
import { ip } from "../../lab/sites/shell.ts";
import { fastest, type Row } from "../row.ts";

const count = 10_000;
const rounds = 3;
const device = "vxlan7";

const v4 = (value: number): Address => ({ family: 4, value: BigInt(value) });
const entries = Array.from({ length: count }, (_, i) => ({
  address: v4(0x0a80_0000 + i),
  vtep: v4(0xc612_0000 + 2 + (i % 250)),
  mac: `02:00:00:00:${hex(i >> 8)}:${hex(i & 255)}`,
}));

const plan: NetworkPlan = {
  links: [
    {
      kind: "vxlan",
      name: device,
      vni: 7,
      port: 7_789,
      mac: "02:00:00:00:ff:ff",
      mtu: 1_400,
      underlying: "under0",
      local: v4(0xc612_0001),
      learning: false,
    },
  ],
  addresses: [],
  routes: entries.map(({ address }) => ({
    link: device,
    destination: { address, length: 32 },
  })),
  neighbours: [],
  fdb: entries.map(({ mac, vtep }) => ({ link: device, mac, vtep, moves: false })),
  forwarding: false,
  rules: undefined,
};

/** 10,000 FDB entries and 10,000 routes, applied and read back. */
export function tables(): Row {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    theirs.push(timed(batches));
    ours.push(timed(plans));
  }
  return {
    what: "10,000 FDB entries and 10,000 routes, applied and read back",
    against: "bridge -batch, ip -batch, and both with show",
    unit: "ms",
    ours: fastest(ours),
    theirs: fastest(theirs),
    goal: { atLeast: 1 },
  };
}

function plans(): void {
  applyPlan({ namespace: "/run/netns/tables" }, plan);
  const { changes } = applyPlan({ namespace: "/run/netns/tables" }, plan);
  if (changes !== 0) throw new Error(`${changes} entries were not read back as they were applied`);
}

function batches(): void {
  const lines = (line: (entry: (typeof entries)[number]) => string) => entries.map(line).join("\n");
  writeFileSync(
    "/tmp/fdb.batch",
    lines(({ mac, vtep }) => `fdb replace ${mac} dev ${device} dst ${formatAddress(vtep)}`),
  );
  writeFileSync(
    "/tmp/route.batch",
    lines(({ address }) => `route replace ${formatAddress(address)}/32 dev ${device}`),
  );
  ip(`-n tables link add ${device} type vxlan id 7 dev under0 dstport 7789`);
  ip(`-n tables link set ${device} up`);
  ip("netns exec tables bridge -batch /tmp/fdb.batch");
  ip("-n tables -batch /tmp/route.batch");
  expectLines(show("netns", "exec", "tables", "bridge", "fdb", "show", "dev", device));
  expectLines(show("-n", "tables", "route", "show", "dev", device));
}

function show(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", maxBuffer: 1 << 26 });
}

function expectLines(output: string): void {
  const found = output.split("\n").length - 1;
  if (found < count) throw new Error(`${found} entries, not ${count}`);
}

function timed(work: () => void): number {
  ip("netns add tables");
  ip("-n tables link add under0 type dummy");
  ip("-n tables link set under0 up");
  try {
    const started = performance.now();
    work();
    return performance.now() - started;
  } finally {
    ip("netns del tables");
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
