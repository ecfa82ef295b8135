import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress } from "./address.ts";
import { freeAddress, parseRange, type AddressRange } from "./address-pool.ts";

const range = (text: string) => parseRange(text) as AddressRange;
const free = (pool: string[], used: string[]) => {
  const found = freeAddress(pool.map(range), new Set(used), 24);
  return found && `${formatAddress(found.address)}/${found.length}`;
};

describe("an address pool", () => {
  it("yields the first free address", () => {
    assert.equal(free(["10.0.2.3/24", "10.0.2.4/24"], ["10.0.2.3"]), "10.0.2.4/24");
  });

  it("yields addresses of ranges, in both families", () => {
    assert.equal(free(["10.0.2.254-10.0.3.1/16"], ["10.0.2.254", "10.0.2.255"]), "10.0.3.0/16");
    assert.equal(free(["fd00::ffff-fd00::1:1/64"], ["fd00::ffff"]), "fd00::1:0/64");
  });

  it("uses the default length for entries without one", () => {
    assert.equal(free(["10.0.2.3"], []), "10.0.2.3/24");
  });

  it("yields nothing when all addresses are used", () => {
    assert.equal(free(["10.0.2.3-10.0.2.4/24"], ["10.0.2.3", "10.0.2.4"]), undefined);
    assert.equal(free([], []), undefined);
  });

  for (const text of [
    "",
    "10.0.2.9-10.0.2.3",
    "10.0.2.3-fd00::1",
    "10.0.2.3/33",
    "10.0.2.3-",
    "x",
  ]) {
    it(`refuses "${text}"`, () => assert.equal(parseRange(text), undefined));
  }
});
