import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { changedPart } from "./changed-part.ts";
import { Rtm } from "../linux/constants.ts";

const reported = (type: number) =>
  changedPart({ lost: false, message: { type, flags: 0, seq: 0, body: Buffer.alloc(0) } as never });

describe("the part of a namespace that changed", () => {
  it("follows from the type of the kernel's message", () => {
    const pairs = [
      [Rtm.newLink, Rtm.delLink, "links"],
      [Rtm.newAddr, Rtm.delAddr, "addresses"],
      [Rtm.newRoute, Rtm.delRoute, "routes"],
      [Rtm.newNeigh, Rtm.delNeigh, "neighbours"],
    ] as const;
    for (const [made, deleted, part] of pairs)
      assert.deepEqual([reported(made), reported(deleted)], [part, part]);
  });

  it("is the whole namespace if messages were lost or are of another type", () => {
    assert.equal(changedPart({ lost: true }), "namespace");
    assert.equal(reported(0), "namespace");
  });
});
