import type { ServiceAddresses } from "../addresses/connection-reservations.ts";
import { isOfPool, poolRangeOf } from "../addresses/pool.ts";
import type { Connection } from "../api/connection.ts";
import type { Problem } from "../api/result.ts";
import { parseAddress, type Address } from "../net/address.ts";

/** The most addresses that one warning names. */
const mostNamed = 5;

/** The addresses of Services that a change of a connection removes from the pools that they are from. */
export function lostServiceAddresses(
  before: Connection,
  after: Connection,
  services: ServiceAddresses,
): Problem[] {
  const lost = Map.groupBy(
    Object.entries(services).flatMap(([text, owners]) => {
      const address = parseAddress(text);
      if (address === undefined) return [];
      const place = placeOf(before, address);
      if (place === undefined) return [];
      const child = after.children.find(({ key }) => key === place.child);
      const stays = child !== undefined && isOfPool(child, place.pool, address);
      return stays ? [] : [{ ...place, words: `${text} of ${owners[0]?.service ?? "none"}` }];
    }),
    ({ child, pool }) => `spec.children.${child}.ip_pools.${pool}`,
  );
  return [...lost].map(([path, addresses]) => {
    const named = addresses.slice(0, mostNamed).map(({ words }) => words);
    const rest = addresses.length > mostNamed ? ` and ${addresses.length - mostNamed} more` : "";
    const message = `Services lose their addresses, and the partner reaches them at others or not at all: ${named.join(", ")}${rest}`;
    return { path, message };
  });
}

function placeOf({ children }: Connection, address: Address) {
  for (const child of children) {
    const found = poolRangeOf(child, address);
    if (found !== undefined) return { child: child.key, pool: found.pool };
  }
  return undefined;
}
