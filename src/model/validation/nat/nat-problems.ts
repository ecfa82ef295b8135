import type { Problem } from "../../api/result.ts";
import type { NatSpec } from "../../api/schema/nat.ts";
import { parseRange, type AddressRange } from "../../net/address-pool.ts";
import { NetworkSet } from "../../net/network-set.ts";
import { isInInterval, overlapsOf } from "../../net/overlaps.ts";
import {
  formatPrefix,
  intervalOf,
  isNetwork,
  networkOf,
  overlap,
  parsePrefix,
  type Prefix,
} from "../../net/prefix.ts";
import { withoutNetworks } from "../../net/without-networks.ts";
import { isSpecific, widestRoute } from "../../network/tunnel-routes.ts";
import type { ChildNat, NetworkPair } from "../../translation/child-nat.ts";

/** The addresses that a child's translation is checked against. */
export interface NatNetworks {
  readonly xfrm: Prefix | undefined;
  readonly vxlan: Prefix | undefined;
  /** The valid selectors, as the partner has them; undefined if none are declared. */
  readonly local: readonly Prefix[] | undefined;
  readonly remote: readonly Prefix[] | undefined;
}

/** The part of a child's translation that is valid, and the problems of the rest. */
export interface CheckedNat {
  readonly nat: ChildNat;
  /** By paths relative to the child. */
  readonly problems: readonly Problem[];
}

type NatReport = (path: string, message: string) => void;

/** Checks a child's translation. */
export function checkNat(spec: NatSpec | undefined, around: NatNetworks): CheckedNat {
  const problems: Problem[] = [];
  const report: NatReport = (path, message) => void problems.push({ path: `.nat${path}`, message });
  const { source, remote = [] } = spec ?? {};
  const { addresses, networks = [] } = source ?? {};
  if (source !== undefined && (addresses === undefined) === (networks.length === 0))
    report(".source", "needs addresses or networks, and not both: keep one of them");
  const range = addresses === undefined ? undefined : checkRange(addresses, around, report);
  const local = networks.map(({ local: actual, seen }) => ({ actual, seen }));
  const nat = {
    addresses: range,
    local: checkPairs(local, [".source.networks", "local"], around, report),
    remote: checkPairs(remote, [".remote", "actual"], around, report),
  };
  reportSeenLocal(nat.local, around, report);
  reportRemote(nat.remote, around, report);
  return { nat: { ...nat, ...pairsIn(nat) }, problems };
}

/** A pair with its place in the manifest. */
type PlacedPair = NetworkPair & { readonly at: string };

function pairsIn({ local, remote }: Readonly<Record<"local" | "remote", readonly PlacedPair[]>>) {
  const bare = ({ actual, seen }: PlacedPair) => ({ actual, seen });
  return { local: local.map(bare), remote: remote.map(bare) };
}

function checkRange(
  text: string,
  { xfrm, vxlan, local }: NatNetworks,
  report: NatReport,
): AddressRange | undefined {
  const path = ".source.addresses";
  const range = parseRange(text);
  if (range === undefined || range.prefixLength !== undefined) {
    report(path, `"${text}" is neither an address (10.0.2.50) nor a range (10.0.2.50-10.0.2.53)`);
    return undefined;
  }
  const { family, value: first } = range.first;
  const interval = { family, first, last: range.last.value };
  if (xfrm !== undefined && family !== xfrm.address.family)
    report(path, familyProblem(family, xfrm));
  if (vxlan !== undefined && isInInterval(interval, vxlan.address))
    report(path, `${text} contains vxlan_ip: use other addresses`);
  if (local !== undefined && local.length > 0 && !new NetworkSet(local).containsInterval(interval))
    report(path, `${text} is not in local_ips: the partner would not accept packets from it`);
  return range;
}

function checkPairs(
  specs: readonly { readonly actual: string; readonly seen: string }[],
  [list, name]: readonly [list: string, name: string],
  { xfrm }: NatNetworks,
  report: NatReport,
): PlacedPair[] {
  const pairs = specs.flatMap(({ actual, seen }, i): PlacedPair[] => {
    const at = `${list}[${i}]`;
    const ours = network(actual, `${at}.${name}`, xfrm, report);
    const theirs = network(seen, `${at}.seen`, xfrm, report);
    if (ours === undefined || theirs === undefined) return [];
    if (ours.length === theirs.length) return [{ actual: ours, seen: theirs, at }];
    report(
      `${at}.seen`,
      `${seen} has another length than ${actual}: use networks of the same length`,
    );
    return [];
  });
  for (const [part, field] of [
    ["actual", name],
    ["seen", "seen"],
  ] as const)
    for (const { index, earlier } of overlapsOf(pairs.map((pair) => intervalOf(pair[part])))) {
      const [pair, other] = [pairs[index] as PlacedPair, pairs[earlier] as PlacedPair];
      report(
        `${pair.at}.${field}`,
        `${formatPrefix(pair[part])} overlaps with ${formatPrefix(other[part])} of another entry: declare each network once`,
      );
    }
  return pairs;
}

function network(
  text: string,
  path: string,
  xfrm: Prefix | undefined,
  report: NatReport,
): Prefix | undefined {
  const prefix = parsePrefix(text);
  if (prefix === undefined) report(path, `"${text}" is not a network, such as 10.0.2.0/24`);
  else if (!isNetwork(prefix))
    report(path, `"${text}" has host bits set: use the network ${formatPrefix(networkOf(prefix))}`);
  else if (!isSpecific(prefix))
    report(path, `${text} is wider than /${widestRoute}: declare the networks that have hosts`);
  else if (xfrm !== undefined && prefix.address.family !== xfrm.address.family)
    report(path, familyProblem(prefix.address.family, xfrm));
  else return prefix;
  return undefined;
}

function familyProblem(family: number, xfrm: Prefix): string {
  return `is IPv${family}, but xfrm_ip is IPv${xfrm.address.family}: declare a child for each family`;
}

function reportSeenLocal(
  pairs: readonly PlacedPair[],
  { local = [] }: NatNetworks,
  report: NatReport,
): void {
  if (local.length === 0) return;
  const carried = new NetworkSet(local);
  for (const { seen, at } of pairs)
    if (!carried.containsInterval(intervalOf(seen)))
      report(
        `${at}.seen`,
        `${formatPrefix(seen)} is not in local_ips, so the tunnel would not carry its packets: local_ips has the networks that the partner sees`,
      );
}

function reportRemote(
  pairs: readonly PlacedPair[],
  { remote = [], vxlan, xfrm }: NatNetworks,
  report: NatReport,
): void {
  const actual = pairs.map((pair) => pair.actual);
  // A wide selector does not name networks of the partner.
  const others = remote
    .filter(isSpecific)
    .flatMap((one) => withoutNetworks(networkOf(one), actual));
  const carried = new NetworkSet(remote);
  for (const pair of pairs) {
    const { at, seen } = pair;
    const text = formatPrefix(seen);
    if (!carried.containsInterval(intervalOf(pair.actual)))
      report(
        `${at}.actual`,
        `${formatPrefix(pair.actual)} is not in remote_ips, so the tunnel would not carry its packets: remote_ips has the networks that the partner has`,
      );
    const own = [xfrm, vxlan].find((one) => one !== undefined && overlap(seen, one));
    if (own !== undefined)
      report(
        `${at}.seen`,
        `${text} overlaps with the child's own network ${formatPrefix(networkOf(own))}: use a network that is unused on this side`,
      );
    const other = others.find((one) => overlap(seen, one));
    if (other !== undefined)
      report(
        `${at}.seen`,
        `${text} overlaps with ${formatPrefix(other)} of remote_ips, which is not translated: use a network that is unused on both sides`,
      );
  }
}

/** The networks of workers whose packets the tunnel carries, by the addresses that workers have. */
export function carriedLocally(
  local: readonly Prefix[] | undefined,
  { addresses, local: pairs }: ChildNat,
): readonly Prefix[] | undefined {
  if (addresses !== undefined) return undefined;
  if (local === undefined || local.length === 0 || pairs.length === 0) return local;
  const actual = pairs.map((pair) => pair.actual);
  return [...local.flatMap((one) => withoutNetworks(networkOf(one), actual)), ...actual];
}
