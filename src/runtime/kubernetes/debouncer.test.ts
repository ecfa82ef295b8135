import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { Debouncer } from "./debouncer.ts";

describe("a debouncer", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
  after(() => mock.timers.reset());

  function watched() {
    const debouncer = new Debouncer({
      quietMs: 1_000,
      maxWaitMs: 30_000,
      clock: { elapsed: () => Date.now() },
    });
    const settled: string[] = [];
    debouncer.settled.subscribe((id) => settled.push(id));
    return { debouncer, settled };
  }

  it("settles an object that has not changed for the quiet time", () => {
    const { debouncer, settled } = watched();
    using _ = debouncer;
    debouncer.touch("a");
    mock.timers.tick(900);
    debouncer.touch("a");
    mock.timers.tick(900);
    assert.deepEqual(
      [debouncer.isWaiting("a"), debouncer.isWaiting("b"), settled],
      [true, false, []],
    );
    mock.timers.tick(100);
    assert.deepEqual([debouncer.isWaiting("a"), settled], [false, ["a"]]);
  });

  it("makes an object that keeps changing due after each maximum wait", () => {
    const { debouncer, settled } = watched();
    using _ = debouncer;
    const looks: number[] = [];
    for (let ms = 0; ms < 70_000; ms += 500) {
      debouncer.touch("a");
      mock.timers.tick(500);
      if (debouncer.isWaiting("a")) continue;
      looks.push(ms + 500);
      debouncer.flushed("a");
    }
    assert.deepEqual([looks, settled], [[30_000, 60_000], []]);
  });

  it("settles nothing after it was disposed of", () => {
    const { debouncer, settled } = watched();
    debouncer.touch("a");
    debouncer[Symbol.dispose]();
    mock.timers.tick(5_000);
    assert.deepEqual(settled, []);
  });
});
