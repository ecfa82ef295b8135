import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HeadStart } from "./head-start.ts";

describe("the head start of gateways", () => {
  it("is over when they are there, and is had once", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let over = 0;
    using start = new HeadStart(() => over++);
    assert.ok(start.holds("a", false));
    assert.ok(start.holds("a", false));
    assert.ok(!start.holds("a", true));
    assert.ok(!start.holds("a", false), "one that is replaced later holds nobody up");
    t.mock.timers.tick(60_000);
    assert.equal(over, 0);
  });

  it("is over after a while, whatever keeps them", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let over = 0;
    using start = new HeadStart(() => over++);
    assert.ok(start.holds("a", false));
    t.mock.timers.tick(2_000);
    assert.ok(start.holds("a", false));
    t.mock.timers.tick(600);
    assert.equal(over, 1);
    assert.ok(!start.holds("a", false));
  });

  it("is had again by a group that comes again, and ends with its owner", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let over = 0;
    const start = new HeadStart(() => over++);
    assert.ok(!start.holds("a", true));
    start.keep(new Set(["b"]));
    assert.ok(start.holds("a", false));
    start[Symbol.dispose]();
    t.mock.timers.tick(60_000);
    assert.equal(over, 0);
  });
});
