import { sysctlName, type Sysctls } from "../linux/sysctls.ts";

type Setting = readonly [name: string, value: string];

const forwardingSettings: readonly Setting[] = [
  ["ipv4/ip_forward", "1"],
  ["ipv6/conf/all/forwarding", "1"],
  // The addresses behind a tunnel have no route back through it, which the filter would require.
  ["ipv4/conf/all/rp_filter", "0"],
  ["ipv4/conf/default/rp_filter", "0"],
];

/**
 * Makes a namespace forward packets.
 *
 * @throws {NetlinkError}
 */
export function applyForwarding(namespace: string | undefined, sysctls: Sysctls): void {
  const settings = wrongSettings(namespace, sysctls);
  if (settings.length > 0) sysctls.write(namespace, settings);
}

/** Describes the settings that forwarding needs and a namespace lacks: `set … to 1`. */
export function forwardingDrift(namespace: string | undefined, sysctls: Sysctls): string[] {
  return wrongSettings(namespace, sysctls).map(
    ([name, value]) => `set ${sysctlName(name)} to ${value}`,
  );
}

function wrongSettings(namespace: string | undefined, sysctls: Sysctls): Setting[] {
  const actual = sysctls.read(
    namespace,
    forwardingSettings.map(([name]) => name),
  );
  // A kernel without IPv6 lacks its settings.
  return forwardingSettings.filter(
    ([name, value]) => actual.has(name) && actual.get(name) !== value,
  );
}
