import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GatewayFirstDelay } from "./gateway-first-delay.ts";

describe("the delay that lets gateways start first", () => {
  it("ends when the gateways have addresses, and applies once", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let over = 0;
    using delay = new GatewayFirstDelay(() => over++);
    assert.ok(delay.holds("a", false));
    assert.ok(delay.holds("a", false));
    assert.ok(!delay.holds("a", true));
    assert.ok(!delay.holds("a", false), "a gateway that is replaced later delays nothing");
    t.mock.timers.tick(60_000);
    assert.equal(over, 0);
  });

  it("ends after a while even if the gateways have no addresses", (t) => {
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

  it("applies again to a group that is declared again, and ends with its owner", (t) => {
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
