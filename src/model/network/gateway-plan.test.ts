import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { parseAddress, type Address } from "../net/address.ts";
import type { Child } from "../api/connection.ts";
import { gatewayPlan } from "./gateway-plan.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { SegmentKey } from "./segment-key.ts";

const connection = connectionOf();
const child = connection.children[0] as Child;
const address = (text: string) => parseAddress(text) as Address;
const place = { connection: connection.id, child: child.key, pool: "primary", reservation: "1" };
const worker = (id: string, inner: string, underlay: string) => ({
  id,
  ...place,
  address: parsePrefix(inner) as Prefix,
  underlay: address(underlay),
});

describe("a gateway's plan", () => {
  const facts = {
    connection,
    child,
    tunnelMtu: 1_400,
    vxlanPort: 7_789,
    underlying: undefined,
    gateway: { device: "eth0", mtu: 1_500, underlay: address("10.244.0.1") },
    segmentKey: new SegmentKey(Buffer.alloc(32, 7)),
  };
  const reached = worker("a", "10.0.2.3/24", "10.244.0.3");

  it("leaves out a worker without an address of the gateway's family", () => {
    const other = worker("b", "10.0.2.4/24", "fd44::4");
    const plan = gatewayPlan({ ...facts, workers: [reached, other] });
    assert.deepEqual(plan, gatewayPlan({ ...facts, workers: [reached] }));
    assert.equal(plan.fdb.length, 1);
  });

  it("reaches a worker by its address of the gateway's family", () => {
    const six = { ...worker("a", "10.0.2.3/24", "fd44::3"), alternate: address("10.244.0.3") };
    const plan = gatewayPlan({ ...facts, workers: [six] });
    assert.deepEqual(plan, gatewayPlan({ ...facts, workers: [reached] }));
  });
});
