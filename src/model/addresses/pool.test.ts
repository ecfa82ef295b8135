import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../net/address.ts";
import { parseRange, type AddressRange } from "../net/address-pool.ts";
import { isOfPool, poolRangeOf } from "./pool.ts";

const range = (text: string) => parseRange(text) as AddressRange;
const address = (text: string) => parseAddress(text) as Address;

const child = {
  pools: new Map([
    ["web", [range("10.0.2.20-10.0.2.29"), range("10.0.2.3")]],
    ["db", [range("10.0.2.10/24"), range("fd00::1-fd00::f")]],
  ]),
};

describe("the pool of an address", () => {
  it("is the one with a range that holds the address", () => {
    assert.equal(poolRangeOf(child, address("10.0.2.25"))?.pool, "web");
    assert.equal(poolRangeOf(child, address("10.0.2.3"))?.pool, "web");
    assert.equal(poolRangeOf(child, address("10.0.2.10"))?.range.prefixLength, 24);
    assert.equal(poolRangeOf(child, address("fd00::f"))?.pool, "db");
    assert.ok(isOfPool(child, "db", address("fd00::1")));
    assert.ok(!isOfPool(child, "web", address("fd00::1")));
  });

  it("is unknown for addresses between, before and after the ranges", () => {
    for (const text of ["10.0.2.2", "10.0.2.4", "10.0.2.30", "::", "fd00::10"])
      assert.equal(poolRangeOf(child, address(text)), undefined);
  });
});
