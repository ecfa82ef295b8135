import { bitsOf, type Address } from "../net/address.ts";
import { parseRange } from "../net/address-pool.ts";
import { labelValueProblem } from "../api/names.ts";
import { NetworkSet } from "../net/network-set.ts";
import { isInInterval, isWithin, overlapsOf, type Interval } from "../net/overlaps.ts";
import { formatPrefix, intervalOf, networkOf, type Prefix } from "../net/prefix.ts";
import type { ReportProblem } from "./problem-list.ts";
import type { ChildSpec } from "../api/schema/child.ts";

/** The networks that a pool's addresses are checked against. */
interface PoolNetworks {
  readonly xfrm: Prefix | undefined;
  readonly vxlan: Prefix | undefined;
  readonly local: readonly Prefix[] | undefined;
}

/** An entry of a pool: an address or a range. */
interface PoolEntry extends Interval {
  readonly text: string;
  readonly pool: string;
  readonly place: number;
}

/** Reports every problem of a child's pools, by paths relative to the child. */
export function reportPools(child: ChildSpec, around: PoolNetworks, report: ReportProblem): void {
  const judge = entryJudge(around);
  const entries: PoolEntry[] = [];
  for (const [pool, texts] of Object.entries(child.ip_pools)) {
    const problem = labelValueProblem(pool);
    if (problem !== undefined) report(`.ip_pools.${pool}`, problem);
    for (const [place, text] of texts.entries()) {
      const range = parseRange(text);
      if (range === undefined) {
        const message = `"${text}" is neither an address (10.0.2.3/24) nor a range (10.0.2.3-10.0.2.99/24)`;
        report(`.ip_pools.${pool}[${place}]`, message);
        continue;
      }
      const { family, value: first } = range.first;
      const entry: PoolEntry = { family, first, last: range.last.value, text, pool, place };
      entries.push(entry);
      judge(entry, (fault) => report(`.${pathOf(entry)}`, `${text} ${fault}`));
    }
  }
  for (const { index, earlier } of overlapsOf(entries)) {
    const [entry, other] = [entries[index] as PoolEntry, entries[earlier] as PoolEntry];
    const message = `${entry.text} overlaps with ${pathOf(other)}: an address can be in one pool only`;
    report(`.${pathOf(entry)}`, message);
  }
}

function pathOf({ pool, place }: PoolEntry): string {
  return `ip_pools.${pool}[${place}]`;
}

/** Reports the problems of an entry against the child's other addresses. */
type EntryCheck = (entry: Interval, report: (fault: string) => void) => void;

/** Prepares the check that is the same for each of a child's entries. */
function entryJudge({ xfrm, vxlan, local }: PoolNetworks): EntryCheck {
  const selectors = local === undefined || local.length === 0 ? undefined : new NetworkSet(local);
  const subnet = vxlan === undefined ? undefined : intervalOf(vxlan);
  const taken: Taken[] = [];
  if (xfrm !== undefined) taken.push([xfrm.address, "xfrm_ip, an address of the gateway"]);
  if (vxlan !== undefined) taken.push([vxlan.address, "vxlan_ip, an address of the gateway"]);
  const reserved = vxlan === undefined ? [] : reservedAddresses(vxlan);
  return (entry, report) => {
    for (const [address, use] of taken) if (isInInterval(entry, address)) report(`contains ${use}`);
    if (subnet !== undefined && !isWithin(entry, subnet))
      report(`is outside the child's network ${formatPrefix(networkOf(vxlan as Prefix))}`);
    else
      for (const [address, use] of reserved)
        if (isInInterval(entry, address)) report(`contains ${use}`);
    if (selectors !== undefined && !selectors.containsInterval(entry))
      report("is not in local_ips: its traffic would not enter the tunnel");
  };
}

/** An address that workloads cannot use, with its purpose. */
type Taken = readonly [Address, string];

/** The addresses of a network that no host can use, each with its purpose. */
function reservedAddresses(subnet: Prefix): readonly Taken[] {
  if (subnet.length >= bitsOf(subnet.address.family) - 1) return [];
  const { address: network } = networkOf(subnet);
  const own: Taken = [network, "the network's own address"];
  if (network.family === 6) return [own];
  const value = network.value | ((1n << BigInt(32 - subnet.length)) - 1n);
  return [own, [{ family: 4, value }, "the network's broadcast address"]];
}
