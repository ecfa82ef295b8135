import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "prom-client";
import type { Status } from "../../model/status/status.ts";
import { PathMetrics } from "./path-metrics.ts";

/** The metrics of connections with these numbers of paths; the lines of a scrape without comments. */
function watched(counts: Readonly<Record<string, number>>) {
  const registry = new Registry();
  let connections: object[] = [];
  const declare = (declared: Readonly<Record<string, number>>) => {
    connections = Object.entries(declared).map(([id, count]) => {
      return { id, paths: Array.from({ length: count }, () => ({})) };
    });
  };
  declare(counts);
  const metrics = new PathMetrics(registry, () => ({ connections }) as unknown as Status);
  const scrape = async () =>
    (await registry.metrics()).split("\n").filter((line) => /^[^#]/.test(line));
  return { metrics, declare, scrape };
}

describe("the counters of switches between paths", () => {
  it("begin with a 0 for each cause, for connections with several paths alone", async () => {
    const { scrape } = watched({ one: 0, two: 2 });
    assert.deepEqual(
      await scrape(),
      ["lost", "failed", "unreachable", "move", "failback", "removed", "drain"].map(
        (cause) => `ipman_path_switches_total{connection="two",cause="${cause}"} 0`,
      ),
    );
  });

  it("count each switch, and end with the paths of their connection", async () => {
    const { metrics, declare, scrape } = watched({ two: 2 });
    for (const cause of ["lost", "lost", "failback"] as const)
      metrics.take({ connection: "two", from: "main", to: "backup", cause });
    const counted = (await scrape()).filter((line) => !line.endsWith(" 0"));
    assert.deepEqual(counted, [
      'ipman_path_switches_total{connection="two",cause="lost"} 2',
      'ipman_path_switches_total{connection="two",cause="failback"} 1',
    ]);
    declare({ two: 0 });
    assert.deepEqual(await scrape(), []);
  });

  it("end with a connection that is deleted before the first scrape", async () => {
    const { metrics, declare, scrape } = watched({ two: 2 });
    metrics.take({ connection: "two", from: "main", to: "backup", cause: "lost" });
    declare({});
    assert.deepEqual(await scrape(), []);
  });
});
