import { bitsOf, parseAddress, type Address } from "./address.ts";
import { parseRange, rangeContains, rangesOverlap, type AddressRange } from "./address-pool.ts";
import { childExtraProblems } from "./extra.ts";
import { labelValueProblem } from "./names.ts";
import {
  contains,
  formatPrefix,
  isNetwork,
  networkOf,
  parsePrefix,
  type Prefix,
} from "./prefix.ts";
import type { Problem } from "./result.ts";
import type { ChildSpec } from "./schema/ipsec-connection.ts";

type Report = (path: string, message: string) => void;

/** What is wrong with one child on its own, all of it. */
export function childProblems(key: string, child: ChildSpec): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, message) => {
    problems.push({ path: `spec.children.${key}${path}`, message });
  };
  reportNames(key, child, report);
  const xfrm = hostAddress(child.xfrm_ip, ".xfrm_ip", report);
  const vxlan = hostAddress(child.vxlan_ip, ".vxlan_ip", report);
  if (xfrm !== undefined && vxlan !== undefined) reportGateway(xfrm, vxlan, report);
  const local = selectors(child.local_ips, ".local_ips", xfrm, report);
  const remote = selectors(child.remote_ips, ".remote_ips", xfrm, report);
  if (child.probe !== undefined) reportProbe(child.probe.address, { xfrm, local, remote }, report);
  reportPools(child, { xfrm, vxlan, local }, report);
  for (const { path, message } of childExtraProblems(child.extra ?? {})) {
    report(`.extra.${path}`, message);
  }
  return problems;
}

function reportNames(key: string, child: ChildSpec, report: Report): void {
  const ofKey = labelValueProblem(key);
  if (ofKey !== undefined) report("", ofKey);
  const ofName = labelValueProblem(child.name);
  if (ofName !== undefined) report(".name", ofName);
}

function hostAddress(text: string, path: string, report: Report): Prefix | undefined {
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    report(path, `"${text}" is no address with a prefix length such as 10.0.2.1/24`);
  }
  return prefix;
}

function reportGateway(xfrm: Prefix, vxlan: Prefix, report: Report): void {
  if (xfrm.address.family !== vxlan.address.family) {
    report(
      ".vxlan_ip",
      `is IPv${vxlan.address.family}, but xfrm_ip is IPv${xfrm.address.family}: declare a child for each family`,
    );
  } else if (xfrm.address.value === vxlan.address.value) {
    report(".vxlan_ip", `equals xfrm_ip: give the gateway's two devices an address each`);
  }
}

function selectors(
  texts: readonly string[] | undefined,
  path: string,
  xfrm: Prefix | undefined,
  report: Report,
): Prefix[] | undefined {
  return texts?.flatMap((text, i) => {
    const prefix = parsePrefix(text);
    const at = `${path}[${i}]`;
    if (prefix === undefined) {
      report(at, `"${text}" is no network such as 10.0.2.0/24`);
      return [];
    }
    if (!isNetwork(prefix)) {
      report(at, `"${text}" has host bits set: the network is ${formatPrefix(networkOf(prefix))}`);
    }
    if (xfrm !== undefined && prefix.address.family !== xfrm.address.family) {
      report(
        at,
        `is IPv${prefix.address.family}, but xfrm_ip is IPv${xfrm.address.family}: declare a child for each family`,
      );
    }
    return [prefix];
  });
}

/** Echo requests have to enter the tunnel at the gateway, and their answers to come back by it. */
function reportProbe(
  text: string,
  {
    xfrm,
    local,
    remote,
  }: Readonly<Record<"local" | "remote", Prefix[] | undefined>> & {
    readonly xfrm: Prefix | undefined;
  },
  report: Report,
): void {
  const path = ".probe.address";
  const address = parseAddress(text);
  if (address === undefined) return report(path, `"${text}" is no address such as 10.0.1.1`);
  const covers = (networks: Prefix[], one: Address) => networks.some((net) => contains(net, one));
  if (remote !== undefined && !covers(remote, address))
    report(path, `${text} is in none of remote_ips: nothing to it would enter the tunnel`);
  if (xfrm !== undefined && local !== undefined && !covers(local, xfrm.address))
    report(
      ".probe",
      `xfrm_ip is in none of local_ips: what the gateway itself sends would not enter the tunnel`,
    );
}

interface Surroundings {
  readonly xfrm: Prefix | undefined;
  readonly vxlan: Prefix | undefined;
  readonly local: readonly Prefix[] | undefined;
}

function reportPools(child: ChildSpec, around: Surroundings, report: Report): void {
  const seen: { range: AddressRange; where: string }[] = [];
  for (const [pool, entries] of Object.entries(child.ip_pools)) {
    const problem = labelValueProblem(pool);
    if (problem !== undefined) report(`.ip_pools.${pool}`, problem);
    for (const [i, entry] of entries.entries()) {
      const path = `.ip_pools.${pool}[${i}]`;
      const range = parseRange(entry);
      if (range === undefined) {
        report(
          path,
          `"${entry}" is neither an address (10.0.2.3/24) nor a range (10.0.2.3-10.0.2.99/24)`,
        );
        continue;
      }
      reportEntry(range, entry, around, (message) => report(path, message));
      const twin = seen.find((other) => rangesOverlap(other.range, range));
      if (twin !== undefined)
        report(path, `${entry} overlaps with ${twin.where}: an address belongs to one pool`);
      seen.push({ range, where: `ip_pools.${pool}[${i}]` });
    }
  }
}

function reportEntry(
  range: AddressRange,
  entry: string,
  { xfrm, vxlan, local }: Surroundings,
  report: (message: string) => void,
): void {
  const within = (prefix: Prefix) => contains(prefix, range.first) && contains(prefix, range.last);
  const holds = (address: Address) => rangeContains(range, address);
  if (xfrm !== undefined && holds(xfrm.address))
    report(`${entry} holds xfrm_ip, which the gateway has`);
  if (vxlan !== undefined) {
    if (holds(vxlan.address)) report(`${entry} holds vxlan_ip, which the gateway has`);
    if (!within(vxlan))
      report(`${entry} is outside the child's network ${formatPrefix(networkOf(vxlan))}`);
    else if (vxlan.length < bitsOf(vxlan.address.family) - 1)
      reportReserved(range, entry, vxlan, report);
  }
  if (local !== undefined && local.length > 0 && !local.some(within)) {
    report(`${entry} is in none of local_ips: its traffic would not enter the tunnel`);
  }
}

function reportReserved(
  range: AddressRange,
  entry: string,
  subnet: Prefix,
  report: (message: string) => void,
): void {
  const { address: network } = networkOf(subnet);
  if (rangeContains(range, network)) report(`${entry} holds the network's own address`);
  if (network.family === 6) return;
  const broadcast = {
    family: 4 as const,
    value: network.value | ((1n << BigInt(32 - subnet.length)) - 1n),
  };
  if (rangeContains(range, broadcast)) report(`${entry} holds the network's broadcast address`);
}
