import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fastest, type Row } from "./row.ts";

const here = import.meta.dirname;

/** The cost of 1,000 connections while nothing happens, and of a list of all SAs. */
export async function thousand(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const path = join(folder, "vici");
  const simulator = spawn(process.execPath, [join(here, "thousand/simulator.ts"), path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(simulator.stdout, "data");
    const program = ["--expose-gc", join(here, "thousand/supervisor.ts"), path, "1"];
    const output = execFileSync(process.execPath, program, { encoding: "utf8" });
    return rowsOf(JSON.parse(output) as Measured);
  } finally {
    simulator.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Measured {
  /** Bytes. */
  readonly heapEach: number;
  /** The share of one processor. */
  readonly idleShare: number;
  /** The same during a scrape every five seconds, with an open inspector. */
  readonly watchedShare: number;
  /** The duration of each scrape, in milliseconds. */
  readonly scrapes: readonly number[];
  readonly resyncs: readonly number[];
}

function rowsOf({ heapEach, idleShare, watchedShare, scrapes, resyncs }: Measured): Row[] {
  const what = "1,000 connections with a child each, on the simulator";
  const against = "–";
  return [
    {
      what: `${what}: heap of each`,
      against,
      unit: "kB",
      ours: heapEach / 1_000,
      goal: { atMost: 20 },
    },
    {
      what: "the same: processor while nothing happens",
      against,
      unit: "%",
      ours: idleShare * 100,
      goal: { atMost: 1 },
    },
    {
      what: "the same, scraped each 5 s and inspected: how much more",
      against,
      unit: "%",
      ours: (watchedShare - idleShare) * 100,
      goal: { atMost: 5 },
    },
    {
      what: "the same: a scrape",
      against,
      unit: "ms",
      ours: fastest(scrapes),
      goal: { atMost: 100 },
    },
    {
      what: "the same: from an event to every actor having the new list",
      against,
      unit: "ms",
      ours: fastest(resyncs),
      goal: { atMost: 1_000 },
    },
  ];
}
