import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import { Announcements } from "./announcements.ts";

const worker = (id: string) => ({ id }) as Worker;
const gateway = { id: "ipman-102" } as Gateway;

describe("announcements of a gateway", () => {
  const sent: string[] = [];
  let started = 0;
  let all: Announcements;

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout", "Date"] });
    mock.method(performance, "now", () => Date.now());
    started = Date.now();
    sent.length = 0;
    all = new Announcements();
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  const note = (due: readonly Worker[]) => {
    sent.push(`${Date.now() - started}: ${due.map(({ id }) => id).join(" ")}`);
  };
  /** Advances the clock in steps, so that a timer set by another one is due in the same wait. */
  const wait = (ms: number) => {
    for (let waited = 0; waited < ms; waited += 100) mock.timers.tick(100);
  };

  it("are repeated less and less often, and never end", () => {
    const stop = all.repeat(gateway, [worker("one")], note);
    for (let i = 0; i < 30; i++) wait(10_000);
    const times = sent.map((line) => Number(line.split(":")[0]));
    assert.deepEqual(times.slice(0, 6), [0, 100, 500, 2_000, 6_000, 10_000]);
    const late = times.filter((time) => time > 120_000);
    assert.deepEqual(late, [122_000, 182_000, 242_000]);
    stop();
  });

  it("end when they are stopped", () => {
    all.repeat(gateway, [worker("one")], note)();
    wait(600_000);
    assert.deepEqual(sent, ["0: one"]);
  });

  it("start from the beginning when a gateway begins or ceases to carry the traffic", () => {
    const one = worker("one");
    const repeat = (carries: boolean) => all.repeat(gateway, [one], note, { carries });
    const stop = repeat(true);
    wait(2_000);
    stop();
    sent.length = 0;
    repeat(true)();
    assert.deepEqual(sent, []);
    repeat(false)();
    repeat(true)();
    assert.deepEqual(sent, ["2000: one", "2000: one"]);
  });

  it("continue for known workers, and start from the beginning for new ones", () => {
    const [one, two] = [worker("one"), worker("two")];
    const stop = all.repeat(gateway, [one], note);
    wait(100);
    stop();
    const stopBoth = all.repeat(gateway, [one, two], note);
    wait(400);
    assert.deepEqual(sent, ["0: one", "100: one", "100: two", "200: two", "500: one"]);
    stopBoth();
  });

  it("begin again for a gateway that was created again", () => {
    const one = worker("one");
    all.repeat(gateway, [one], note)();
    // On a host the new gateway has the same name.
    all.repeat({ ...gateway }, [one], note)();
    assert.deepEqual(sent, ["0: one", "0: one"]);
  });

  it("are sent to thousands of workers in slices, with turns of the event loop in between", async () => {
    const workers = Array.from({ length: 1_000 }, (_, i) => worker(String(i)));
    const slices: number[] = [];
    let passes = 0;
    const reached = new Set<Worker>();
    const stop = all.repeat(gateway, workers, (due) => {
      slices.push(due.length);
      for (const one of due) reached.add(one);
    });
    assert.ok(reached.size < 100, `${reached.size} in the first turn`);
    for (; reached.size < workers.length && passes < 1_000; passes++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(reached.size, workers.length);
    assert.ok(Math.max(...slices) < 100);
    assert.ok(passes > 10);
    stop();
  });

  it("that were stopped between two slices reach the other workers later", async () => {
    const workers = Array.from({ length: 100 }, (_, i) => worker(String(i)));
    const reached = new Set<Worker>();
    const reach = (due: readonly Worker[]) => {
      for (const one of due) reached.add(one);
    };
    all.repeat(gateway, workers, reach)();
    const first = reached.size;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(reached.size, first);
    const stop = all.repeat(gateway, workers, reach);
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(reached.size, workers.length);
    stop();
  });

  it("use no timer without a worker", () => {
    all.repeat(gateway, [], note);
    wait(600_000);
    assert.deepEqual(sent, []);
  });
});
