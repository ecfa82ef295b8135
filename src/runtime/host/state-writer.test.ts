import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { Metrics } from "../metrics/metrics.ts";
import { StateWriter } from "./state-writer.ts";

/** A disk that can be full. */
function diskOf() {
  const disk = { reason: undefined as string | undefined, written: [] as number[], attempts: 0 };
  const write = (value: number) => {
    disk.attempts++;
    if (disk.reason !== undefined) throw new Error(`${disk.reason}: ${disk.attempts}`);
    disk.written.push(value);
  };
  return Object.assign(disk, { file: { path: "/run/state.json", write } });
}

describe("a state writer", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  it("writes changes within a short time once, and writes at the end", () => {
    const disk = diskOf();
    const writer = new StateWriter({
      file: disk.file,
      onTrouble: (error) => assert.fail(String(error)),
    });
    writer.save(1);
    writer.save(2);
    mock.timers.tick(100);
    assert.deepEqual(disk.written, [2]);
    writer.save(3);
    writer[Symbol.dispose]();
    assert.deepEqual(disk.written, [2, 3]);
    mock.timers.tick(60_000);
    assert.equal(disk.attempts, 2);
  });

  it("retries with a backoff while the disk is full, and reports that once", () => {
    const disk = diskOf();
    const troubles: string[] = [];
    const onTrouble = (error: unknown) => troubles.push(String(error));
    const writer = new StateWriter({ file: disk.file, onTrouble });
    disk.reason = "ENOSPC";
    writer.save(1);
    mock.timers.tick(100);
    assert.match(writer.problem ?? "", /\/run\/state\.json cannot be written: ENOSPC/);
    writer.save(2);
    mock.timers.runAll();
    for (let i = 0; i < 600; i++) mock.timers.tick(100);
    assert.ok(disk.attempts >= 5 && disk.attempts < 20, `${disk.attempts} attempts in a minute`);
    assert.equal(writer.failures, disk.attempts);
    assert.equal(troubles.length, 1);
    disk.reason = "EROFS";
    for (let i = 0; i < 350; i++) mock.timers.tick(100);
    assert.equal(troubles.length, 2, "a different reason is reported");
    disk.reason = undefined;
    for (let i = 0; i < 350; i++) mock.timers.tick(100);
    assert.deepEqual(disk.written, [2], "the newest value is written");
    assert.equal(writer.problem, undefined);
    writer[Symbol.dispose]();
  });

  it("fails immediately for saveNow, and still writes the pending value", () => {
    const disk = diskOf();
    const writer = new StateWriter({ file: disk.file, onTrouble: () => {} });
    disk.reason = "ENOSPC";
    writer.save(1);
    assert.throws(() => writer.saveNow(2), /ENOSPC/);
    disk.reason = undefined;
    mock.timers.tick(100);
    assert.deepEqual(disk.written, [1]);
    writer.save(3);
    writer.saveNow(4);
    mock.timers.tick(100);
    assert.deepEqual(disk.written, [1, 4]);
  });

  it("reports its state and its failures as metrics", async () => {
    using metrics = new Metrics();
    const shown = async () =>
      (await metrics.text()).match(/^ipman_state_\w+ \d+$/gm)?.map((line) => line.slice(12));
    assert.deepEqual(await shown(), ["unwritten 0", "write_failures_total 0"]);
    const disk = diskOf();
    const writer = new StateWriter({ file: disk.file, onTrouble: () => {} });
    metrics.showStateWrites(writer);
    disk.reason = "EROFS";
    writer.save(1);
    mock.timers.tick(100);
    assert.deepEqual(await shown(), ["unwritten 1", "write_failures_total 1"]);
    disk.reason = undefined;
    writer[Symbol.dispose]();
    assert.deepEqual(await shown(), ["unwritten 0", "write_failures_total 1"]);
  });
});
