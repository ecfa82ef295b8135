import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isNearLimit } from "./tracked-usage.ts";

describe("the tracked connections of a gateway", () => {
  const judged = (connections: number, wasNear = false, limit = 1_000) =>
    isNearLimit({ connections, limit }, wasNear);

  it("are near the limit above nine tenths of it, until they are below eight", () => {
    assert.equal(judged(900), false);
    assert.equal(judged(901), true);
    assert.equal(judged(850, true), true);
    assert.equal(judged(800, true), false);
  });

  it("are never near it if there is none", () => {
    assert.equal(judged(1_000_000, false, 0), false);
  });
});
