import assert from "node:assert/strict";
import { it } from "node:test";
import { edgePaths, type Walk } from "./graph.ts";
import { Held, Replay } from "./replay.ts";

/**
 * Tests that generated paths reach every state and every transition of a chart, and that the
 * machine, run with fakes, is in the expected state after each step.
 *
 * @param walks walks of one machine that together reach all of them
 */
export function coversItsChart(...walks: ((held: Held) => Walk)[]): void {
  const missed: { states: string[]; transitions: string[] }[] = [];
  for (const [index, walkWith] of walks.entries()) {
    it(`is in the expected state after each step (walk ${index + 1})`, async (t) => {
      const held = new Held();
      const walk = walkWith(held);
      const replay = new Replay(walk);
      const paths = edgePaths(walk);
      for (const path of paths) await replay.run(path, walk.machine, held);
      t.diagnostic(`${paths.length} paths, ${paths.flat().length} steps`);
      missed.push(replay.missed(walk.machine));
    });
  }

  it("has no state or transition that no path reaches", () => {
    assert.equal(missed.length, walks.length, "not every walk finished");
    const everywhere = (what: "states" | "transitions") =>
      (missed[0]?.[what] ?? []).filter((item) => missed.every((m) => m[what].includes(item)));
    assert.deepEqual(everywhere("states"), []);
    assert.deepEqual(everywhere("transitions"), []);
  });
}
