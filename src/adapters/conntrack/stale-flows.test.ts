import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SimulatedTransport } from "../../../test/simulator/kernel/transport.ts";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { goldenFlow } from "./flow.fixture.ts";
import { removeStaleFlows } from "./stale-flows.ts";

/** CTNETLINK and CT_GET. */
const list = 0x0101;
const address = parseAddress("10.0.2.60") as Address;
const current = { address: parseAddress("10.244.0.7") as Address, port: 5353 };

/** Removes the flows of so many ports from a kernel with one flow, to the first of them; counts requests. */
function removeFrom(count: number, backends = [current]) {
  const requests = { lists: 0, removals: 0 };
  const transport = new SimulatedTransport(({ type }) => {
    const isList = type === list;
    requests[isList ? "lists" : "removals"] += 1;
    return isList ? { type: list - 1, bodies: [goldenFlow.entry] } : "done";
  });
  const ports = Array.from({ length: count }, (_, i) => ({ address, port: 53 + i, backends }));
  return { removed: removeStaleFlows(undefined, ports, transport), ...requests };
}

describe("the removal of stale flows", () => {
  it("lists the flows of each of a few ports", () => {
    assert.deepEqual(removeFrom(2), { removed: 1, lists: 2, removals: 1 });
  });

  it("lists all flows once for many ports", () => {
    assert.deepEqual(removeFrom(200), { removed: 1, lists: 1, removals: 1 });
  });

  it("keeps a flow to a present target", () => {
    const target = { address: parseAddress("10.244.0.6") as Address, port: 5353 };
    assert.deepEqual(removeFrom(200, [target]), { removed: 0, lists: 1, removals: 0 });
  });
});
