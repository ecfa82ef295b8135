import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { untilLeft } from "./until-left.ts";

/** Waits for the traffic of a site, of which this agent leads in the given number of rounds. */
async function waits(t: TestContext, rounds: number, leaves = true): Promise<number> {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let asked = 0;
  const beats = {
    get leading() {
      asked += 1;
      return new Map([["site", asked <= rounds]]);
    },
  };
  let isOver = false;
  const over = untilLeft(beats, { leaves: () => leaves }).then(() => {
    isOver = true;
  });
  let waited = 0;
  for (; waited < 10_000; waited += 100) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isOver) break;
    t.mock.timers.tick(100);
  }
  await over;
  return waited;
}

describe("an agent that ends", () => {
  it("waits until the traffic has left, and its reports were sent", async (t) => {
    assert.equal(await waits(t, 4), 600);
  });

  it("does not wait if its group stays, or does not carry the traffic", async (t) => {
    assert.equal(await waits(t, 100, false), 0);
    t.mock.timers.reset();
    assert.equal(await waits(t, 0), 0);
  });

  it("waits for three seconds at most", async (t) => {
    assert.equal(await waits(t, 1_000), 3_300);
  });
});
