import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { contains, formatPrefix, isNetwork, parsePrefix, type Prefix } from "./prefix.ts";
import { halvesOf, withoutNetworks } from "./without-networks.ts";

const prefix = (text: string) => parsePrefix(text) as Prefix;
const without = (network: string, ...others: string[]) =>
  withoutNetworks(prefix(network), others.map(prefix)).map(formatPrefix);

describe("a network without others", () => {
  it("is itself if they have no address in common", () => {
    assert.deepEqual(without("10.0.0.0/8", "192.168.0.0/16", "fd00::/8"), ["10.0.0.0/8"]);
  });

  it("is nothing if one of them contains it", () => {
    assert.deepEqual(without("10.1.0.0/16", "10.0.0.0/8"), []);
    assert.deepEqual(without("10.1.0.0/16", "10.1.0.0/16"), []);
    assert.deepEqual(without("10.1.0.0/16", "10.1.0.0/17", "10.1.128.0/17"), []);
  });

  it("is split into the fewest networks around those inside it", () => {
    assert.deepEqual(without("10.0.0.0/8", "10.64.0.0/10"), ["10.0.0.0/10", "10.128.0.0/9"]);
    assert.deepEqual(without("0.0.0.0/0", "10.0.0.0/8"), [
      "0.0.0.0/5",
      "8.0.0.0/7",
      "11.0.0.0/8",
      "12.0.0.0/6",
      "16.0.0.0/4",
      "32.0.0.0/3",
      "64.0.0.0/2",
      "128.0.0.0/1",
    ]);
    assert.equal(without("::/0", "fd44::1/128").length, 128);
  });

  it("contains exactly the addresses of the network that are in none of the others", () => {
    const network = fc
      .record({ value: fc.nat(255), host: fc.nat(8) })
      .map(({ value, host }): Prefix => {
        const whole = BigInt((value >> host) << host);
        return { address: { family: 4, value: whole }, length: 32 - host };
      });
    fc.assert(
      fc.property(network, fc.array(network), (outer, others) => {
        const rest = withoutNetworks(outer, others);
        assert.ok(rest.every(isNetwork));
        for (let value = 0n; value < 256n; value++) {
          const isIn = (each: Prefix) => contains(each, { family: 4, value });
          assert.equal(rest.filter(isIn).length, isIn(outer) && !others.some(isIn) ? 1 : 0);
        }
      }),
    );
  });
});

describe("the halves of a network", () => {
  it("have one bit more each, for both families", () => {
    assert.deepEqual(halvesOf(prefix("0.0.0.0/0")).map(formatPrefix), ["0.0.0.0/1", "128.0.0.0/1"]);
    assert.deepEqual(halvesOf(prefix("fd00::/8")).map(formatPrefix), ["fd00::/9", "fd80::/9"]);
  });
});
