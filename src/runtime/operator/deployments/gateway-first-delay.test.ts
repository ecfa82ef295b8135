import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GatewayFirstDelay } from "./gateway-first-delay.ts";

describe("the head start of gateways", () => {
  it("is over when they are there, and is had once", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let over = 0;
    using delay = new GatewayFirstDelay(() => over++);
    assert.ok(delay.holds("a", false));
    assert.ok(delay.holds("a", false));
    assert.ok(!delay.holds("a", true));
    assert.ok(!delay.holds("a", false), "one that is replaced later holds nobody up");
    t.mock.timers.tick(60_000);
    assert.equal(over, 0);
  });

  it("is over after a while, whatever keeps them", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let over = 0;
    using delay = new GatewayFirstDelay(() => over++);
    assert.ok(delay.holds("a", false));
    t.mock.timers.tick(2_000);
    assert.ok(delay.holds("a", false));
    t.mock.timers.tick(600);
    assert.equal(over, 1);
    assert.ok(!delay.holds("a", false));
  });

  it("is had again by a group that comes again, and ends with its owner", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let over = 0;
    const delay = new GatewayFirstDelay(() => over++);
    assert.ok(!delay.holds("a", true));
    delay.keep(new Set(["b"]));
    assert.ok(delay.holds("a", false));
    delay[Symbol.dispose]();
    t.mock.timers.tick(60_000);
    assert.equal(over, 0);
  });
});
