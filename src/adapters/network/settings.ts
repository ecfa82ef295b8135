import type { NetworkPlan } from "../../model/network/network-plan.ts";
import { sysctlName, type Sysctls } from "../linux/sysctls.ts";

type Setting = readonly [name: string, value: string];

const forwardingSettings: readonly Setting[] = [
  ["ipv4/ip_forward", "1"],
  ["ipv6/conf/all/forwarding", "1"],
  // The addresses behind a tunnel have no route back through it, which the filter would require.
  ["ipv4/conf/all/rp_filter", "0"],
  ["ipv4/conf/default/rp_filter", "0"],
];

/** A connection goes on in another gateway, which has not seen its beginning. */
const trackingSettings: readonly Setting[] = [
  ["netfilter/nf_conntrack_tcp_be_liberal", "1"],
  ["netfilter/nf_conntrack_tcp_loose", "1"],
];

/** The part of a plan that needs settings of its namespace. */
type SettingsPlan = Pick<NetworkPlan, "forwarding" | "rules">;

/**
 * Makes a namespace forward packets and track connections, if its plan does. The kernel has the settings
 * of tracking once the packet filter tracks.
 *
 * @throws {NetlinkError}
 */
export function applySettings(
  namespace: string | undefined,
  plan: SettingsPlan,
  sysctls: Sysctls,
): void {
  const settings = wrongSettings(namespace, plan, sysctls);
  if (settings.length > 0) sysctls.write(namespace, settings);
}

/** Describes the settings that a plan needs and a namespace lacks: `set … to 1`. */
export function settingsDrift(
  namespace: string | undefined,
  plan: SettingsPlan,
  sysctls: Sysctls,
): string[] {
  return wrongSettings(namespace, plan, sysctls).map(
    ([name, value]) => `set ${sysctlName(name)} to ${value}`,
  );
}

function wrongSettings(
  namespace: string | undefined,
  { forwarding, rules }: SettingsPlan,
  sysctls: Sysctls,
): Setting[] {
  const wanted = [
    ...(forwarding ? forwardingSettings : []),
    ...(rules?.tracking === undefined ? [] : trackingSettings),
  ];
  if (wanted.length === 0) return [];
  const actual = sysctls.read(
    namespace,
    wanted.map(([name]) => name),
  );
  // A kernel without IPv6 lacks its settings.
  return wanted.filter(([name, value]) => actual.has(name) && actual.get(name) !== value);
}
