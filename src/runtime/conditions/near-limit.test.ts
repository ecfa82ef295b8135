import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../model/status/failure.ts";
import { childConditionsOf, type ChildFacts } from "./conditions.ts";
import { nearLimit } from "./near-limit.ts";

const child = (tracking?: ChildFacts["tracking"]): ChildFacts => ({
  key: "web",
  state: "established",
  gateway: "ready",
  failure: undefined,
  reachability: undefined,
  traffic: undefined,
  unrouted: undefined,
  tracking,
});
const near = (message: string) => failure(Reason.TrackingNearLimit, message);

describe("the condition NearLimit", () => {
  it("has the message of each gateway, and leaves Ready alone", () => {
    assert.deepEqual(nearLimit([child(near("a is full")), child(), child(near("c is full"))]), [
      {
        type: "NearLimit",
        status: "True",
        reason: "TrackingNearLimit",
        message: "a is full; c is full",
      },
    ]);
    const own = childConditionsOf(child(near("full")));
    assert.equal(own.find(({ type }) => type === "Ready")?.status, "True");
    assert.ok(own.some(({ type }) => type === "NearLimit"));
  });

  it("is present only while a gateway is near its limit", () => {
    assert.ok(!childConditionsOf(child()).some(({ type }) => type === "NearLimit"));
  });
});
