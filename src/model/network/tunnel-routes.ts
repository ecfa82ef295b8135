import type { Child, Connection, UnroutedNetwork } from "../api/connection.ts";
import { bitsOf, sameAddress, type Address, type Family } from "../net/address.ts";
import { NetworkSet } from "../net/network-set.ts";
import { formatPrefix, hostPrefix, networkOf, overlap, type Prefix } from "../net/prefix.ts";
import { halvesOf, withoutNetworks } from "../net/without-networks.ts";
import { sameItems } from "../value/same-items.ts";

/** A child with its routes. */
export type RoutedChild = Pick<Child, "routes" | "unrouted">;

/**
 * The prefix length of the widest selectors that become routes by default, in both families:
 * that of 10.0.0.0/8 and fd00::/8. A wider selector does not name a network behind the peer.
 */
export const widestRoute = 8;

/** Whether a remote selector becomes a route by default. */
export function isSpecific({ length }: Prefix): boolean {
  return length >= widestRoute;
}

/**
 * A connection whose children name the networks that their routes have to leave out; the same
 * object if no route has addresses of them.
 *
 * @param outside networks that stay outside of every tunnel, such as those of the cluster
 */
export function connectionOutside(connection: Connection, outside: readonly Prefix[]): Connection {
  const children = connection.children.map((child) => {
    const inside = overlapping(child.routes, outside);
    if (inside.length === 0) return child;
    const leftOut = inside.map((network): UnroutedNetwork => ({ network, why: "outside" }));
    return { ...child, unrouted: [...child.unrouted, ...leftOut] };
  });
  return sameItems(children, connection.children) ? connection : { ...connection, children };
}

/** The networks that a child's routes have to leave out. */
export function outsideOf({ unrouted }: Pick<Child, "unrouted">): Prefix[] {
  return unrouted.filter(({ why }) => why === "outside").map(({ network }) => network);
}

/** Describes the networks of a child that are not routed; undefined if there are none. */
export function unroutedText({ unrouted }: Pick<Child, "unrouted">): string | undefined {
  const networks = (wanted: UnroutedNetwork["why"]) =>
    unrouted
      .filter(({ why }) => why === wanted)
      .map(({ network }) => formatPrefix(network))
      .join(", ");
  const [wide, outside] = [networks("wide"), networks("outside")];
  const texts = [
    wide !== "" &&
      `remote_ips wider than /${widestRoute} do not become routes (${wide}): declare the networks behind the peer in routes`,
    outside !== "" && `the routes leave out networks of the cluster or the host (${outside})`,
  ].filter((text) => text !== false);
  return texts.length === 0 ? undefined : texts.join("; ");
}

/** The routes of a namespace besides those into the tunnel. */
export interface NamespaceRoutes {
  /** Addresses of gateway and workers on the underlay, which are reached outside the tunnel. */
  readonly underlays: readonly Address[];
  /** Addresses in the segment, each of which has a host route. */
  readonly segment: readonly Address[];
  /** Reads the namespace's own routes, without its default route. */
  readonly ownRoutes: () => readonly Prefix[];
}

/**
 * Plans the routes of a namespace into the tunnel. They leave out the networks that stay outside
 * and those of the underlay, and do not replace the namespace's default route or a host route of
 * the segment.
 */
export function plannedRoutes(
  child: RoutedChild,
  { underlays, segment, ownRoutes }: NamespaceRoutes,
): readonly Prefix[] {
  const routed = new NetworkSet(child.routes);
  const ends = underlays.filter((address) => routed.has(address)).map(hostPrefix);
  const outside = [...outsideOf(child), ...ends];
  const isOwn = ({ address, length }: Prefix) =>
    length === bitsOf(address.family) && segment.some((own) => sameAddress(own, address));
  const routes = outside.length === 0 ? child.routes : split(child.routes, outside, ownRoutes());
  return routes
    .flatMap((route) => (route.length === 0 ? halvesOf(route) : [route]))
    .filter((route) => !isOwn(route));
}

/**
 * Splits routes around networks. The parts are narrower than the route, and would take precedence
 * over a narrower own route around one of the networks: they leave out that route as well.
 */
function split(
  routes: readonly Prefix[],
  outside: readonly Prefix[],
  own: readonly Prefix[],
): Prefix[] {
  const parts = routes.flatMap((route) => {
    const around = outside.map((network) => neighbourhood(network, route));
    const enclosing = overlapping(around, own).filter(({ length }) => length > route.length);
    return withoutNetworks(route, unique([...around, ...enclosing]));
  });
  return unique(parts);
}

/** The prefix length of the network that, in most clusters, pods or Services share. */
const sharedLength: Record<Family, number> = { 4: 24, 6: 64 };

/**
 * The network that a route leaves out for a known network or address. For an address it is the
 * shared network, so that another pod or Service next to it changes no routes. A route that is not
 * wider than the shared network leaves out only the address.
 */
function neighbourhood(network: Prefix, route: Prefix): Prefix {
  const { family } = network.address;
  const shared = sharedLength[family];
  if (network.length < bitsOf(family) || route.length >= shared) return network;
  return networkOf({ address: network.address, length: shared });
}

function overlapping(routes: readonly Prefix[], networks: readonly Prefix[]): readonly Prefix[] {
  return networks.filter((network) => routes.some((route) => overlap(route, network)));
}

function unique(networks: readonly Prefix[]): Prefix[] {
  return [...new Map(networks.map((network) => [formatPrefix(network), network])).values()];
}
