import { bitsOf } from "./address.ts";
import { overlap, type Prefix } from "./prefix.ts";

/**
 * Splits a network around others.
 *
 * @param network without host bits
 * @returns the fewest networks that together contain the addresses of the network that are in none
 * of the others, in ascending order
 */
export function withoutNetworks(network: Prefix, others: readonly Prefix[]): Prefix[] {
  const inside = others.filter((other) => overlap(network, other));
  if (inside.length === 0) return [network];
  if (inside.some(({ length }) => length <= network.length)) return [];
  return halvesOf(network).flatMap((half) => withoutNetworks(half, inside));
}

/** The two halves of a network of more than one address. */
export function halvesOf({ address, length }: Prefix): readonly [Prefix, Prefix] {
  const { family, value } = address;
  const half = 1n << BigInt(bitsOf(family) - length - 1);
  return [
    { address, length: length + 1 },
    { address: { family, value: value | half }, length: length + 1 },
  ];
}
