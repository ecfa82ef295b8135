import { bitsOf, sameAddress } from "../net/address.ts";
import { NetworkSet } from "../net/network-set.ts";
import { intervalOf, isNetwork, parsePrefix, type Prefix } from "../net/prefix.ts";
import type { ReportProblem } from "./problem-list.ts";

/** The addresses that a child's routes are checked against. */
interface RouteNetworks {
  readonly xfrm: Prefix | undefined;
  readonly vxlan: Prefix | undefined;
  /** The valid remote selectors; undefined if none are declared. */
  readonly remote: readonly Prefix[] | undefined;
}

/**
 * Reports declared routes whose packets the tunnel would not carry, and those to the gateway's own
 * addresses. Entries that are not networks of the child's family are reported elsewhere.
 */
export function reportRoutes(
  texts: readonly string[],
  { xfrm, vxlan, remote = [] }: RouteNetworks,
  report: ReportProblem,
): void {
  if (texts.length === 0) return;
  if (remote.length === 0)
    return report(".routes", "needs remote_ips, which the tunnel carries: declare both");
  const carried = new NetworkSet(remote);
  for (const [i, text] of texts.entries()) {
    const route = parsePrefix(text);
    if (route === undefined || !isNetwork(route)) continue;
    if (xfrm !== undefined && route.address.family !== xfrm.address.family) continue;
    const at = `.routes[${i}]`;
    const own = { xfrm_ip: xfrm, vxlan_ip: vxlan };
    for (const [field, prefix] of Object.entries(own))
      if (prefix !== undefined && isAddress(route, prefix))
        report(at, `${text} is ${field}, an address of the gateway: remove it`);
    if (!carried.containsInterval(intervalOf(route)))
      report(
        at,
        `${text} is not in remote_ips, so the tunnel would not carry its packets: add it to remote_ips and to the peer's networks, or remove it`,
      );
  }
}

/** Whether a route is to a single address, that of the prefix. */
function isAddress({ address, length }: Prefix, prefix: Prefix): boolean {
  return length === bitsOf(address.family) && sameAddress(address, prefix.address);
}
