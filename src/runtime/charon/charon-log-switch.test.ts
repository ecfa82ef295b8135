import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CharonLogSwitch } from "./charon-log-switch.ts";

describe("the switch of charon's log", () => {
  it("is on from the start, and for a while after the last connection is settled", (t) => {
    t.mock.timers.enable({ apis: ["setInterval", "Date"] });
    const logSwitch = new CharonLogSwitch();
    const values: boolean[] = [];
    const subscription = logSwitch.isOn.subscribe((isOn) => values.push(isOn));
    logSwitch.note("a", false);
    logSwitch.note("b", false);
    logSwitch.note("a", true);
    t.mock.timers.tick(60_000);
    assert.deepEqual(values, [true]);
    logSwitch.note("b", true);
    t.mock.timers.tick(4_000);
    assert.deepEqual(values, [true], "charon may log the cause after the end");
    logSwitch.note("b", false);
    t.mock.timers.tick(60_000);
    logSwitch.note("b", true);
    t.mock.timers.tick(6_000);
    assert.deepEqual(values, [true, false]);
    logSwitch.note("a", false);
    assert.deepEqual(values, [true, false, true]);
    subscription.unsubscribe();
  });
});
