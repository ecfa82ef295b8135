import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress } from "./address.ts";
import { freeAddress, parseRange, type AddressRange } from "./address-pool.ts";

const range = (text: string) => parseRange(text) as AddressRange;
const free = (pool: string[], used: string[]) => {
  const found = freeAddress(pool.map(range), new Set(used), 24);
  return found && `${formatAddress(found.address)}/${found.length}`;
};

describe("address pools", () => {
  it("gives the first address that nobody has", () => {
    assert.equal(free(["10.0.2.3/24", "10.0.2.4/24"], ["10.0.2.3"]), "10.0.2.4/24");
  });

  it("gives addresses of ranges, in either family", () => {
    assert.equal(free(["10.0.2.254-10.0.3.1/16"], ["10.0.2.254", "10.0.2.255"]), "10.0.3.0/16");
    assert.equal(free(["fd00::ffff-fd00::1:1/64"], ["fd00::ffff"]), "fd00::1:0/64");
  });

  it("takes the default for entries without a prefix length", () => {
    assert.equal(free(["10.0.2.3"], []), "10.0.2.3/24");
  });

  it("gives nothing when all are used", () => {
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
