import { contains, type Prefix } from "./prefix.ts";

/**
 * The networks of a list, in its order, without those that lie within another one. charon leaves
 * them out of its traffic selectors.
 */
export function outermostNetworks(networks: readonly Prefix[]): Prefix[] {
  return networks.filter((network, i) =>
    networks.every((other, j) => {
      if (i === j || !isWithin(network, other)) return true;
      // The first of two equal networks stays.
      return isWithin(other, network) && i < j;
    }),
  );
}

function isWithin(inner: Prefix, outer: Prefix): boolean {
  return outer.length <= inner.length && contains(outer, inner.address);
}
