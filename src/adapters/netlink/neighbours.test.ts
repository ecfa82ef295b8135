import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Rtm } from "../linux/constants.ts";
import { isPassingNeighbour } from "./neighbours.ts";

/** neighbour.h: NUD_… */
const nud = { reachable: 0x02, stale: 0x04, failed: 0x20, noarp: 0x40, permanent: 0x80 };

function news(type: number, state: number) {
  const body = Buffer.alloc(12);
  body.writeUInt16LE(state, 8);
  return { type, flags: 0, sequence: 0, body };
}

describe("news of a neighbour", () => {
  it("is passing where it is learnt, or of multicast, and comes or goes", () => {
    for (const state of [nud.reachable, nud.stale, nud.noarp]) {
      assert.ok(isPassingNeighbour(news(Rtm.newNeigh, state)));
      assert.ok(isPassingNeighbour(news(Rtm.delNeigh, state)));
    }
    assert.ok(isPassingNeighbour(news(Rtm.newNeigh, nud.failed)));
  });

  it("may be of ours where it is permanent, or has failed by the time it goes", () => {
    assert.ok(!isPassingNeighbour(news(Rtm.newNeigh, nud.permanent)));
    assert.ok(!isPassingNeighbour(news(Rtm.delNeigh, nud.permanent)));
    assert.ok(!isPassingNeighbour(news(Rtm.delNeigh, nud.failed)));
    assert.ok(!isPassingNeighbour(news(Rtm.newLink, 0)));
    assert.ok(!isPassingNeighbour({ ...news(Rtm.delNeigh, 0), body: Buffer.alloc(4) }));
  });
});
