import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Rtm } from "../linux/constants.ts";
import { isKernelNeighbour } from "./neighbours.ts";

/** neighbour.h: NUD_… */
const nud = { reachable: 0x02, stale: 0x04, failed: 0x20, noarp: 0x40, permanent: 0x80 };

function event(type: number, state: number) {
  const body = Buffer.alloc(12);
  body.writeUInt16LE(state, 8);
  return { type, flags: 0, sequence: 0, body };
}

describe("the event of a neighbour", () => {
  it("is the kernel's own if the entry is resolved, learned or of multicast", () => {
    for (const state of [nud.reachable, nud.stale, nud.noarp]) {
      assert.ok(isKernelNeighbour(event(Rtm.newNeigh, state)));
      assert.ok(isKernelNeighbour(event(Rtm.delNeigh, state)));
    }
    assert.ok(isKernelNeighbour(event(Rtm.newNeigh, nud.failed)));
  });

  it("may concern an entry of ipman if the entry is permanent, or failed when it was deleted", () => {
    assert.ok(!isKernelNeighbour(event(Rtm.newNeigh, nud.permanent)));
    assert.ok(!isKernelNeighbour(event(Rtm.delNeigh, nud.permanent)));
    assert.ok(!isKernelNeighbour(event(Rtm.delNeigh, nud.failed)));
    assert.ok(!isKernelNeighbour(event(Rtm.newLink, 0)));
    assert.ok(!isKernelNeighbour({ ...event(Rtm.delNeigh, 0), body: Buffer.alloc(4) }));
  });
});
