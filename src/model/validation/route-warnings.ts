import type { Child } from "../api/connection.ts";
import type { Problem } from "../api/result.ts";
import { formatPrefix } from "../net/prefix.ts";
import { widestRoute } from "../network/tunnel-routes.ts";

/** Warns of each remote selector that does not become a route. */
export function routeWarnings({ key, remoteSelectors, unrouted }: Child): Problem[] {
  const wide = new Set(unrouted.filter(({ why }) => why === "wide").map(({ network }) => network));
  return remoteSelectors.flatMap((network, i) =>
    wide.has(network)
      ? [
          {
            path: `spec.children.${key}.remote_ips[${i}]`,
            message: `${formatPrefix(network)} does not become a route, since it is wider than /${widestRoute}: declare the networks behind the peer in routes`,
          },
        ]
      : [],
  );
}
