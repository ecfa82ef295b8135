import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { overlappingOwners } from "./overlapping-owners.ts";
import type { Interval } from "./overlaps.ts";
import { intervalOf, overlap, type Prefix } from "./prefix.ts";

/** Networks close to each other, so that many of them are inside of others. */
const network = fc
  .record({ value: fc.nat(255), length: fc.integer({ min: 22, max: 32 }) })
  .map(({ value, length }): Prefix => ({ address: { family: 4, value: BigInt(value) }, length }));

const owners = fc.array(fc.array(network, { maxLength: 4 }), { maxLength: 8 });

describe("owners of overlapping networks", () => {
  it("are exactly the pairs with a network of each that overlap", () => {
    fc.assert(
      fc.property(owners, (networks) => {
        const share = overlappingOwners(networks.map((own) => own.map(intervalOf)));
        for (const [i, ours] of networks.entries()) {
          for (const [j, theirs] of networks.slice(0, i).entries()) {
            const expected = ours.some((one) => theirs.some((other) => overlap(one, other)));
            assert.equal(share(i, j), expected);
            assert.equal(share(j, i), expected);
          }
        }
      }),
    );
  });

  it("are found with n log n comparisons", () => {
    for (const each of [16, 256]) {
      let reads = 0;
      const counted = (value: number): Interval => ({
        family: 4,
        get first() {
          reads++;
          return BigInt(value);
        },
        last: BigInt(value),
      });
      const networks = Array.from({ length: 64 }, (_, owner) =>
        Array.from({ length: each }, (_, i) => counted(((owner * each + i) * 7919) % 65_536)),
      );
      overlappingOwners(networks);
      const size = 64 * each;
      assert.ok(reads < 8 * size * Math.log2(size), `${reads} reads for ${size} networks`);
    }
  });
});
