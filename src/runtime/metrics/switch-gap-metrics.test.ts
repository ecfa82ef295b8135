import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "prom-client";
import type { Status } from "../../model/status/status.ts";
import { SwitchGapMetrics } from "./switch-gap-metrics.ts";

const lan = { connection: "partner", child: "lan" };

/** The gaps of a connection with two paths, by a clock that stands still between steps. */
function watched() {
  const registry = new Registry();
  let now = 1_000_000;
  let paths = [{}, {}];
  const children = [{ key: "lan", reachability: "reachable" }, { key: "dmz" }];
  const connections = () => [
    { id: "partner", paths, children },
    { id: "single", paths: [], children },
  ];
  const metrics = new SwitchGapMetrics({
    registry,
    status: () => ({ connections: connections() }) as unknown as Status,
    now: () => now,
  });
  const lines = async () =>
    (await registry.metrics()).split("\n").filter((line) => !/^#|^$/.test(line));
  /** The sum and the number of the gaps of a child; undefined without series. */
  const gaps = async (child = "lan", connection = "partner") => {
    const labels = `{connection="${connection}",child="${child}"} `;
    const of = async (name: string) =>
      (await lines()).find((line) =>
        line.startsWith(`ipman_path_switch_gap_seconds_${name}${labels}`),
      );
    const [sum, count] = [await of("sum"), await of("count")];
    return sum && count && [sum, count].map((line) => Number(line.split(" ").at(-1)));
  };
  const answer = (after: number) => {
    now += after;
    metrics.answer({ ...lan, seconds: 0.02 });
  };
  const miss = (after: number) => {
    now += after;
    metrics.answer({ ...lan, seconds: undefined });
  };
  const switchPath = (after: number, isFromHere = true) => {
    now += after;
    metrics.take({ connection: "partner", from: "main", to: "backup", cause: "lost" }, isFromHere);
  };
  const undeclare = () => void (paths = []);
  return { answer, miss, switchPath, gaps, lines, undeclare };
}

describe("the gap of a switch to another path", () => {
  it("is the time from the last answer before to the first answer after it", async () => {
    const { answer, miss, switchPath, gaps } = watched();
    answer(0);
    answer(1_000);
    miss(300);
    switchPath(0);
    miss(100);
    assert.deepEqual(await gaps(), [0, 0]);
    answer(50);
    assert.deepEqual(await gaps(), [0.45, 1]);
    answer(1_000);
    assert.deepEqual(await gaps(), [0.45, 1]);
  });

  it("is one gap if further switches follow before an answer", async () => {
    const { answer, switchPath, gaps } = watched();
    answer(0);
    switchPath(500);
    switchPath(1_000);
    answer(500);
    assert.deepEqual(await gaps(), [2, 1]);
  });

  it("is not known without an answer before, or if another agent had the former path", async () => {
    const { answer, switchPath, gaps } = watched();
    switchPath(0);
    answer(100);
    assert.deepEqual(await gaps(), [0, 0]);
    switchPath(3_600_000, false);
    answer(100);
    assert.deepEqual(await gaps(), [0, 0]);
    switchPath(100);
    answer(100);
    assert.deepEqual(await gaps(), [0.2, 1]);
  });

  it("has series for children with a probe of connections with several paths alone", async () => {
    const { answer, switchPath, gaps, lines, undeclare } = watched();
    assert.equal((await lines()).length, 9);
    assert.equal(await gaps("dmz"), undefined);
    assert.equal(await gaps("lan", "single"), undefined);
    answer(0);
    switchPath(0);
    undeclare();
    assert.deepEqual(await lines(), []);
    answer(5);
    assert.deepEqual(await lines(), [], "forgotten with the declaration");
  });
});
