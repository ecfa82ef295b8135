import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { charonMachine } from "../machines/charon.ts";
import { childMachine } from "../machines/child/child.ts";
import { connectionMachine } from "../machines/connection/connection.ts";
import { failoverMachine } from "../machines/failover/failover.ts";
import { gatewayMachine } from "../machines/gateway/gateway.ts";
import { pathMachine } from "../machines/path/path.ts";
import { definitionOf } from "../runtime/inspector/projection.ts";
import { chartGraph } from "./chart-graph.ts";
import { activeStates, chartOf, type ChartState } from "./chart.ts";

const machines: readonly AnyStateMachine[] = [
  charonMachine,
  connectionMachine,
  failoverMachine,
  pathMachine,
  childMachine,
  gatewayMachine,
] as never;

const idsOf = ({ id, states }: ChartState): string[] => [id, ...states.flatMap(idsOf)];

/** The states as XState itself has parsed them. */
const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

const transitionsOf = (node: AnyStateNode) => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
];

describe("a chart", () => {
  for (const machine of machines) {
    const chart = chartOf(definitionOf(machine));
    const known = nodesOf(machine.root);

    it(`of ${machine.id} has the states that XState parses`, () => {
      assert.deepEqual(idsOf(chart.root).toSorted(), known.map(({ id }) => id).toSorted());
    });

    it(`of ${machine.id} has the transitions that XState parses`, () => {
      const expected = known
        .flatMap(transitionsOf)
        .flatMap(({ source, eventType, target = [] }) =>
          target.map(({ id }) => `${source.id} ${eventType} ${id}`),
        );
      const drawn = chart.transitions.map(
        ({ source, event, target }) => `${source} ${event} ${target}`,
      );
      assert.deepEqual(drawn.toSorted(), expected.toSorted());
    });

    it(`of ${machine.id} is passed to the layout with all its transitions`, () => {
      const { edges = [] } = chartGraph(chart, (text) => text.length);
      const between = new Set(chart.transitions.map(({ source, target }) => `${source}→${target}`));
      const drawn = edges.map(({ id }) => id).filter((id) => id.includes("→"));
      assert.deepEqual(drawn.toSorted(), [...between].toSorted());
    });
  }

  it("has the calls and the initial state of each state", () => {
    const { root } = chartOf(definitionOf(gatewayMachine as never));
    const absent = root.states.find(({ name }) => name === "absent");
    assert.equal(root.initial, "gateway.absent");
    assert.equal(absent?.initial, "gateway.absent.placing");
    assert.deepEqual(absent?.states[0]?.invokes, ["place"]);
    assert.match(absent?.description ?? "", /no namespace/);
  });

  it("has an active state at every level", () => {
    assert.deepEqual(activeStates("m", "a"), ["m", "m.a"]);
    assert.deepEqual(activeStates("m", { a: { b: "c" } }), ["m", "m.a", "m.a.b", "m.a.b.c"]);
    assert.deepEqual(activeStates("m", { a: "x", b: "y" }), ["m", "m.a", "m.a.x", "m.b", "m.b.y"]);
  });
});
