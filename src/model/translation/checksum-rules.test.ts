import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bytesOf, type Address } from "../net/address.ts";
import { adderChains, correctionJumps } from "./checksum-rules.ts";

const field = "@th,144,16";

/** Runs a chain on a checksum as the kernel does. */
function run(chains: string, name: string, checksum: number): number {
  const body = new RegExp(`chain ${name} \\{\\n([^}]*)`).exec(chains)?.[1] ?? assert.fail(name);
  let value = checksum;
  for (const rule of body.trim().split("\n")) {
    const match = /& (0x\w+) == (0x\w+)/.exec(rule);
    if (match !== null && (value & Number(match[1])) !== Number(match[2])) continue;
    const flipped = /\^ (0x\w+)/.exec(rule)?.[1];
    const kept = /set @th,144,16 & (0x\w+)/.exec(rule)?.[1];
    const constant = /set (0x\w+)$/.exec(rule)?.[1];
    if (flipped !== undefined) value ^= Number(flipped);
    if (kept !== undefined) value &= Number(kept);
    if (constant !== undefined) value = Number(constant);
    if (rule.endsWith("return")) return value;
    const next = /goto (\w+)/.exec(rule)?.[1];
    if (next !== undefined) return run(chains, next, value);
  }
  return value;
}

/** The checksum of RFC 1071. */
function checksumOf(words: readonly number[]): number {
  let sum = words.reduce((total, word) => total + word, 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum ^ 0xffff;
}

const wordsOf = (address: Address) => {
  const bytes = bytesOf(address);
  return Array.from({ length: bytes.length / 2 }, (_, i) => Buffer.from(bytes).readUInt16BE(2 * i));
};

describe("the correction of a checksum", () => {
  for (const [family, bits] of [
    [4, 32n],
    [6, 128n],
  ] as const)
    it(`gives that of the packet with the other network, IPv${family}`, () => {
      const anyAddress = fc.bigInt({ min: 0n, max: (1n << bits) - 1n });
      fc.assert(
        fc.property(
          anyAddress,
          anyAddress,
          anyAddress,
          fc.integer({ min: 8, max: Number(bits) }),
          fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 8 }),
          (before, after, host, length, rest) => {
            const hosts = (1n << (bits - BigInt(length))) - 1n;
            const network = (value: bigint): Address => ({ family, value: value & ~hosts });
            const [from, to] = [network(before), network(after)];
            const withHost = ({ value }: Address) =>
              wordsOf({ family, value: value | (host & hosts) });
            const chains = adderChains([{ from, to }], field);
            const corrected = correctionJumps(from, to).reduce(
              (value, jump) => run(chains, jump.replace("jump ", ""), value),
              checksumOf([...withHost(from), ...rest]),
            );
            // Both zeros of one's complement are the same to a receiver.
            const wanted = checksumOf([...withHost(to), ...rest]);
            assert.equal(corrected % 0xffff, wanted % 0xffff);
          },
        ),
      );
    });

  it("is nothing between networks with the same sum", () => {
    const swapped = { family: 4, value: 0x0a00_0200n } as const;
    assert.deepEqual(correctionJumps(swapped, { family: 4, value: 0x0200_0a00n }), []);
    assert.equal(adderChains([{ from: swapped, to: swapped }], field), "");
  });
});
