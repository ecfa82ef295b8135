import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { Restless } from "./restless.ts";

describe("what changes again and again", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
  after(() => mock.timers.reset());

  function watched() {
    const restless = new Restless({
      calmMs: 1_000,
      mostMs: 30_000,
      clock: { elapsed: () => Date.now() },
    });
    const calmed: string[] = [];
    restless.calmed.subscribe((id) => calmed.push(id));
    return { restless, calmed };
  }

  it("is calm when it did not change for a while", () => {
    const { restless, calmed } = watched();
    using _ = restless;
    restless.touch("a");
    mock.timers.tick(900);
    restless.touch("a");
    mock.timers.tick(900);
    assert.deepEqual([restless.has("a"), restless.has("b"), calmed], [true, false, []]);
    mock.timers.tick(100);
    assert.deepEqual([restless.has("a"), calmed], [false, ["a"]]);
  });

  it("is looked at now and then where it never is", () => {
    const { restless, calmed } = watched();
    using _ = restless;
    const looks: number[] = [];
    for (let ms = 0; ms < 70_000; ms += 500) {
      restless.touch("a");
      mock.timers.tick(500);
      if (restless.has("a")) continue;
      looks.push(ms + 500);
      restless.wrote("a");
    }
    assert.deepEqual([looks, calmed], [[30_000, 60_000], []]);
  });

  it("is of no interest when nobody listens any more", () => {
    const { restless, calmed } = watched();
    restless.touch("a");
    restless[Symbol.dispose]();
    mock.timers.tick(5_000);
    assert.deepEqual(calmed, []);
  });
});
