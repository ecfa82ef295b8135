import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnyStateMachine } from "xstate";
import { childMachine } from "../machines/child/child.ts";
import { pathMachine } from "../machines/path/path.ts";
import { gatewayMachine } from "../machines/gateway/gateway.ts";
import { publicStates } from "../model/status/public-state.ts";
import { definitionOf } from "../runtime/inspector/projection.ts";
import { chartOf } from "./chart.ts";
import { publicChart } from "./public-chart.ts";

const reduced = (machine: unknown) =>
  publicChart(chartOf(definitionOf(machine as AnyStateMachine)));

describe("the public chart", () => {
  for (const machine of [pathMachine, childMachine]) {
    const states = reduced(machine);

    it(`of a ${machine.id} has the public states in their order`, () => {
      assert.deepEqual(
        states.map(({ name }) => name),
        publicStates,
      );
      const ends = states.filter(({ isEnd }) => isEnd).map(({ name }) => name);
      assert.deepEqual(ends, ["terminating"]);
    });

    it(`of a ${machine.id} leads from negotiating to established, and from there to a rekey`, () => {
      const next = new Map(states.map((state) => [state.name, state.next]));
      assert.ok(next.get("negotiating")?.includes("established"));
      assert.ok(next.get("established")?.includes("rekeying"));
      assert.ok(next.get("rekeying")?.includes("established"));
      assert.deepEqual(next.get("terminating"), []);
      for (const [name, targets] of next) assert.ok(!targets.includes(name));
    });
  }

  it("of a gateway is empty", () => {
    assert.deepEqual(reduced(gatewayMachine), []);
  });
});
