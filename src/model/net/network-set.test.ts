import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { NetworkSet } from "./network-set.ts";
import { contains, type Prefix } from "./prefix.ts";

const network = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    value: fc.nat(255),
    host: fc.nat(10),
  })
  .map(({ family, value, host }): Prefix => {
    const bits = family === 4 ? 32 : 128;
    return { address: { family, value: BigInt(value) }, length: bits - host };
  });

describe("a set of networks", () => {
  it("contains an interval exactly if its networks together contain each address of it", () => {
    fc.assert(
      fc.property(fc.array(network), network, fc.nat(40), (networks, { address }, size) => {
        const { family, value: first } = address;
        const last = first + BigInt(size);
        const set = new NetworkSet(networks);
        const isContained = (value: bigint) =>
          networks.some((each) => contains(each, { family, value }));
        const values = Array.from({ length: size + 1 }, (_, i) => first + BigInt(i));
        assert.equal(set.containsInterval({ family, first, last }), values.every(isContained));
        assert.equal(set.has(address), isContained(first));
      }),
    );
  });
});
