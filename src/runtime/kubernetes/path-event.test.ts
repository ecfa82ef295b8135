import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pathEvent } from "./path-event.ts";

describe("the event of a switch between paths", () => {
  it("has both paths, and why the former one failed", () => {
    const after = { activePath: "backup", paths: [{ name: "main", message: "no answer" }] };
    assert.deepEqual(pathEvent({ activePath: "main" }, after), {
      type: "Normal",
      reason: "PathSwitched",
      action: "Switching",
      note: "the path backup is active instead of main: no answer",
    });
    const { note } = pathEvent({ activePath: "main" }, { activePath: "backup" }) ?? {};
    assert.equal(note, "the path backup is active instead of main");
  });

  it("is absent without a switch, and as paths appear or end", () => {
    const [none, main] = [{}, { activePath: "main" }];
    assert.equal(pathEvent(main, main), undefined);
    assert.equal(pathEvent(none, main), undefined);
    assert.equal(pathEvent(main, none), undefined);
  });
});
