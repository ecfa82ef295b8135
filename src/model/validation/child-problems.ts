import { parseAddress } from "../net/address.ts";
import { childExtraProblems } from "../charon/options/extra-problems.ts";
import { labelValueProblem } from "../api/names.ts";
import { mostPairs, pairCount } from "../api/selector-sets.ts";
import { NetworkSet } from "../net/network-set.ts";
import { carriedLocally, checkNat } from "./nat/nat-problems.ts";
import { reportPools } from "./pool-problems.ts";
import { remoteAsSeen } from "../translation/child-nat.ts";
import { reportRoutes } from "./route-problems.ts";
import { formatPrefix, isNetwork, networkOf, parsePrefix, type Prefix } from "../net/prefix.ts";
import type { ProblemList, ReportProblem } from "./problem-list.ts";
import type { ChildSpec } from "../api/schema/child.ts";

/** Adds every problem that one child has on its own. */
export function addChildProblems(key: string, child: ChildSpec, problems: ProblemList): void {
  const report: ReportProblem = (path, message) => {
    problems.add(`spec.children.${key}${path}`, message);
  };
  reportNames(key, child, report);
  const xfrm = hostAddress(child.xfrm_ip, ".xfrm_ip", report);
  const vxlan = hostAddress(child.vxlan_ip, ".vxlan_ip", report);
  if (xfrm !== undefined && vxlan !== undefined) reportGateway(xfrm, vxlan, report);
  const local = selectors(child.local_ips, ".local_ips", xfrm, report);
  const remote = selectors(child.remote_ips, ".remote_ips", xfrm, report);
  const { nat, problems: ofNat } = checkNat(child.nat, { xfrm, vxlan, local, remote });
  for (const { path, message } of ofNat) report(path, message);
  // Further fields name addresses as workers know them; the selectors are those of the partner.
  const behind = remote === undefined ? undefined : remoteAsSeen(remote, nat);
  const carried = carriedLocally(local, nat);
  selectors(child.routes, ".routes", xfrm, report);
  reportRoutes(child.routes ?? [], { xfrm, vxlan, remote: behind }, report);
  reportPairs(child, report);
  if (child.probe !== undefined)
    reportProbe(child.probe.address, { xfrm, local: carried, remote: behind }, report);
  reportPools(child, { xfrm, vxlan, local: carried }, report);
  for (const { path, message } of childExtraProblems(child.extra ?? {}))
    report(`.extra.${path}`, message);
}

function reportPairs(child: ChildSpec, report: ReportProblem): void {
  if (child.selectorMode !== "perPair") return;
  const count = pairCount(child.local_ips ?? [], child.remote_ips ?? []);
  if (count <= mostPairs) return;
  report(
    ".selectorMode",
    `perPair makes ${count} CHILD SAs of these networks, and ${mostPairs} are allowed: use larger networks, or further children`,
  );
}

function reportNames(key: string, child: ChildSpec, report: ReportProblem): void {
  const ofKey = labelValueProblem(key);
  if (ofKey !== undefined) report("", ofKey);
  const ofName = labelValueProblem(child.name);
  if (ofName !== undefined) report(".name", ofName);
}

function hostAddress(text: string, path: string, report: ReportProblem): Prefix | undefined {
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    report(path, `"${text}" is not an address with a prefix length, such as 10.0.2.1/24`);
  }
  return prefix;
}

function reportGateway(xfrm: Prefix, vxlan: Prefix, report: ReportProblem): void {
  if (xfrm.address.family !== vxlan.address.family) {
    report(
      ".vxlan_ip",
      `is IPv${vxlan.address.family}, but xfrm_ip is IPv${xfrm.address.family}: declare a child for each family`,
    );
  } else if (xfrm.address.value === vxlan.address.value) {
    report(".vxlan_ip", `equals xfrm_ip: use a different address for each device of the gateway`);
  }
}

/** Reads selectors or routes, and reports those that are not networks of the child's family. */
function selectors(
  texts: readonly string[] | undefined,
  path: string,
  xfrm: Prefix | undefined,
  report: ReportProblem,
): Prefix[] | undefined {
  return texts?.flatMap((text, i) => {
    const prefix = parsePrefix(text);
    const at = `${path}[${i}]`;
    if (prefix === undefined) {
      report(at, `"${text}" ${notANetwork(text)}`);
      return [];
    }
    if (!isNetwork(prefix)) {
      report(at, `"${text}" has host bits set: use the network ${formatPrefix(networkOf(prefix))}`);
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

/** Why a text is not a network: charon's selectors have further forms. */
function notANetwork(text: string): string {
  if (/[[\]]/.test(text)) {
    return "has a protocol or port: use the network alone, and filter ports with a NetworkPolicy or a packet filter";
  }
  if (text.startsWith("dynamic")) {
    return "stands for the address of the IKE SA: leave the list out, or use that address";
  }
  if (text.includes("-")) return "is a range: use networks, such as 10.0.2.0/24";
  return "is not a network, such as 10.0.2.0/24";
}

/** Echo requests must enter the tunnel at the gateway, and their answers must return through it. */
function reportProbe(
  text: string,
  {
    xfrm,
    local,
    remote,
  }: Readonly<Record<"local" | "remote", readonly Prefix[] | undefined>> & {
    readonly xfrm: Prefix | undefined;
  },
  report: ReportProblem,
): void {
  const path = ".probe.address";
  const address = parseAddress(text);
  if (address === undefined) return report(path, `"${text}" is not an address, such as 10.0.1.1`);
  if (remote !== undefined && !new NetworkSet(remote).has(address))
    report(path, `${text} is not in remote_ips: packets to it would not enter the tunnel`);
  if (xfrm !== undefined && local !== undefined && !new NetworkSet(local).has(xfrm.address))
    report(
      ".probe",
      `xfrm_ip is not in local_ips: packets of the gateway itself would not enter the tunnel`,
    );
}
