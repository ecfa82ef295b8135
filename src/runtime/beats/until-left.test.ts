import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { untilLeft } from "./until-left.ts";

/** Milliseconds that an agent waits whose group carries the traffic of a site for some time. */
async function waits(carriedMs: number, leavesAt = 0): Promise<number> {
  let now = 0;
  const beats = {
    get leading() {
      return new Map([["site", now < carriedMs]]);
    },
  };
  const pause = (milliseconds: number) => {
    now += milliseconds;
    return Promise.resolve();
  };
  await untilLeft(beats, { leaves: () => now >= leavesAt }, pause);
  return now;
}

describe("an agent that ends", () => {
  it("waits until the traffic has left, and its reports were sent", async () => {
    assert.equal(await waits(400), 700);
  });

  it("learns within a second that its node was cordoned", async () => {
    assert.equal(await waits(1_200, 900), 1_500);
    assert.equal(await waits(10_000, Infinity), 1_000);
  });

  it("does not wait if it does not carry the traffic", async () => {
    assert.equal(await waits(0), 0);
  });

  it("waits for three seconds at most", async () => {
    assert.equal(await waits(10_000), 3_300);
  });
});
