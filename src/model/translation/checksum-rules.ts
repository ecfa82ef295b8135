import { bytesOf, type Address } from "../net/address.ts";
import type { NetworkPair } from "./child-nat.ts";

const bits = 16;
const all = 0xffff;

/** The name of the chain that adds a power of two to a checksum. */
const adder = (power: number) => `add_${power}`;

/**
 * The jumps that correct a checksum after one network of a pair took the place of the other. A network
 * has a constant share in the sum of 16-bit words (RFC 1624), so that the correction is a constant.
 *
 * @param from the network whose addresses are replaced by those of `to`
 */
export function correctionJumps(from: Address, to: Address): string[] {
  // The complement of the sum is stored, so that the old words are added and the new ones subtracted.
  const difference = (((sumOf(from) - sumOf(to)) % all) + all) % all;
  return powersIn(difference).map((power) => `jump ${adder(power)}`);
}

function sumOf(address: Address): number {
  const bytes = bytesOf(address);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2)
    sum += ((bytes[i] as number) << 8) | (bytes[i + 1] as number);
  return sum;
}

function powersIn(value: number): number[] {
  return Array.from({ length: bits }, (_, power) => power).filter(
    (power) => (value & (1 << power)) !== 0,
  );
}

/**
 * The chains for the jumps of corrections. nftables has no addition: each chain adds a power of two to
 * the checksum by its carries, in one's complement, where the last carry is added to the lowest bit.
 *
 * @param field the checksum, as an expression of nftables
 */
export function adderChains(
  pairs: readonly Readonly<Record<"from" | "to", Address>>[],
  field: string,
): string {
  const used = new Set(pairs.flatMap(({ from, to }) => correctionJumps(from, to)));
  const powers = powersIn(all).filter((power) => used.has(`jump ${adder(power)}`));
  // Every carry out of the highest bit ends in the lowest one.
  const chains = powers.length === 0 ? [] : [...new Set([0, ...powers])];
  return chains.map((power) => adderChain(power, field)).join("");
}

function adderChain(power: number, field: string): string {
  const rules = Array.from({ length: bits - power }, (_, carries) => {
    // The bits from `power` on that are set turn, and the first one that is not.
    const ones = ((1 << carries) - 1) << power;
    const turned = ones | (1 << (power + carries));
    return `${field} & ${hex(turned)} == ${hex(ones)} ${field} set ${field} ^ ${hex(turned)} return`;
  });
  const rest = (1 << power) - 1;
  const last =
    power === 0
      ? [`${field} set 0x0001`]
      : [`${field} set ${field} & ${hex(rest)}`, `goto ${adder(0)}`];
  return chain(adder(power), [...rules, ...last]);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}

/** Formats a chain of rules. */
export function chain(name: string, rules: readonly string[]): string {
  return `\n  chain ${name} {\n${rules.map((rule) => `    ${rule}`).join("\n")}\n  }`;
}

/** The networks of pairs, in the direction of a translation. */
export function directed(pairs: readonly NetworkPair[], direction: "seen" | "actual") {
  return pairs.map(({ actual, seen }) =>
    direction === "seen" ? { from: actual, to: seen } : { from: seen, to: actual },
  );
}
