import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { childMachine } from "../../machines/child/child.ts";
import { gatewayMachine } from "../../machines/gateway/gateway.ts";
import { pathMachine } from "../../machines/path/path.ts";
import { publicStates, publicStateOf } from "../../model/status/public-state.ts";

const charts: readonly AnyStateMachine[] = [pathMachine, childMachine] as never;

/** The states that an actor can be in: those without states inside them. */
function leavesOf(node: AnyStateNode): AnyStateNode[] {
  const inner = Object.values(node.states);
  return inner.length === 0 ? [node] : inner.flatMap(leavesOf);
}

/** The tags that a snapshot has in this state. */
function tagsOf(node: AnyStateNode | undefined): string[] {
  return node === undefined ? [] : [...tagsOf(node.parent), ...node.tags];
}

describe("the public state", () => {
  for (const { id, root } of charts) {
    for (const leaf of leavesOf(root)) {
      it(`is the only tag of ${leaf.id}`, () => {
        const tags = tagsOf(leaf);
        assert.equal(tags.length, 1);
        assert.equal(publicStateOf({ tags: new Set(tags) }), tags[0]);
      });
    }

    it(`of a ${id} equals the chart's state if that has the name of a public state`, () => {
      for (const state of publicStates) assert.deepEqual(root.states[state]?.tags, [state]);
    });

    it(`of a ${id} that has ended is terminating`, () => {
      const ended = leavesOf(root).filter(({ type }) => type === "final");
      assert.deepEqual(ended.map(tagsOf), [["terminating"]]);
    });
  }

  it("does not exist for a gateway", () => {
    for (const leaf of leavesOf(gatewayMachine.root as never))
      assert.equal(publicStateOf({ tags: new Set(tagsOf(leaf)) }), undefined);
  });
});
