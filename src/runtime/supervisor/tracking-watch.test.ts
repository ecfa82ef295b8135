import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { GatewayUsage } from "../../model/status/tracked-usage.ts";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { TrackingWatch } from "./tracking-watch.ts";

const connection = connectionOf();
const child = connection.children[0]?.key ?? "";

/** A watch of one gateway that tracks so many of 1,000 connections, or of none. */
function watchOf(t: TestContext, counts: (number | undefined)[]) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let looks = 0;
  let changes = 0;
  const trackedConnections = (): GatewayUsage[] => {
    const connections = counts[Math.min(looks++, counts.length - 1)];
    return connections === undefined
      ? []
      : [{ connection: connection.id, child, connections, limit: 1_000 }];
  };
  const report = (error: unknown) => assert.fail(String(error));
  const watch = new TrackingWatch({
    network: { trackedConnections },
    changed: () => changes++,
    report,
  });
  t.after(() => watch[Symbol.dispose]());
  return {
    watch,
    looks: () => looks,
    changes: () => changes,
    reason: () => watch.of(connection)[0]?.reason,
    later: () => t.mock.timers.tick(30_000),
  };
}

describe("the watch of tracked connections", () => {
  it("reports a gateway near its limit once, and its end", (t) => {
    const { watch, changes, reason, later } = watchOf(t, [10, 950, 960, 10]);
    watch.update();
    assert.equal(reason(), undefined);
    later();
    assert.equal(reason(), "TrackingNearLimit");
    later();
    assert.equal(changes(), 1);
    later();
    assert.equal(reason(), undefined);
    assert.equal(changes(), 2);
  });

  it("looks each half minute at most, however often gateways change", (t) => {
    const { watch, looks, later } = watchOf(t, [10]);
    for (let i = 0; i < 5; i++) watch.update();
    assert.equal(looks(), 1);
    later();
    assert.equal(looks(), 2);
  });

  it("has no timer while no gateway tracks connections", (t) => {
    const { watch, looks, later } = watchOf(t, [undefined]);
    watch.update();
    later();
    assert.equal(looks(), 1);
  });

  it("keeps its judgement while the numbers cannot be read, and reports that each half minute", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const usage = { connection: connection.id, child, connections: 950, limit: 1_000 };
    let isBroken = false;
    const reports: unknown[] = [];
    const trackedConnections = () => {
      if (isBroken) throw new Error("refused");
      return [usage];
    };
    const report = (error: unknown) => void reports.push(error);
    using watch = new TrackingWatch({ network: { trackedConnections }, changed: () => {}, report });
    watch.update();
    isBroken = true;
    t.mock.timers.tick(30_000);
    for (let i = 0; i < 5; i++) watch.update();
    assert.equal(reports.length, 1);
    assert.equal(watch.of(connection)[0]?.reason, "TrackingNearLimit");
    t.mock.timers.tick(30_000);
    assert.equal(reports.length, 2);
  });

  it("has an unchanged message while the number changes", (t) => {
    const { watch, later } = watchOf(t, [950, 990]);
    watch.update();
    const before = watch.of(connection)[0];
    later();
    assert.equal(watch.of(connection)[0], before);
  });
});
