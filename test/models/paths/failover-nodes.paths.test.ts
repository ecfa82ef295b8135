import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  claims,
  decisions,
  drains,
  flawOf,
  floats,
  losses,
  moves,
  relocates,
  returns,
  spreads,
  type Reported,
} from "./failover-nodes.walks.ts";
import { edgesOf } from "./graph.ts";

describe("the failover machine of several groups on generated paths", () => {
  for (const walk of [
    decisions,
    losses,
    claims,
    moves,
    drains,
    spreads,
    relocates,
    returns,
    floats,
  ]) {
    it(`follows the decision with the highest epoch (${walk.name})`, (t) => {
      const edges = edgesOf(walk());
      t.diagnostic(`${edges.length} edges`);
      const flaws = edges.flatMap(({ state, event, nextState }) => {
        const { value } = nextState;
        const name = typeof value === "string" ? value : (Object.keys(value)[0] ?? "");
        const after = nextState.context as Reported;
        const flaw = flawOf(state.context as Reported, event, name, after);
        if (flaw === undefined) return [];
        const parts = [state.value, state.context, event, value, after];
        return [`${flaw}: ${parts.map((part) => JSON.stringify(part)).join("\n  ")}`];
      });
      assert.deepEqual(flaws.slice(0, 3), []);
    });
  }
});
