import type { FloatingAddress } from "../../api/connection.ts";
import type { IPSecConnectionSpec } from "../../api/schema/ipsec-connection.ts";
import { formatAddress } from "../../net/address.ts";
import { parsePrefix, type Prefix } from "../../net/prefix.ts";

/** The floating address that a valid manifest declares. */
export function floatingAddressOf({ failover }: IPSecConnectionSpec): FloatingAddress | undefined {
  if (failover?.floatingAddr === undefined) return undefined;
  const prefix = parsePrefix(failover.floatingAddr) as Prefix;
  return { prefix, interfaceName: failover.floatingInterface };
}

/**
 * A manifest with the floating address as the local one of all paths. They stand by without SAs, since a
 * standby does not have the address.
 */
export function withFloating(
  spec: IPSecConnectionSpec,
  { prefix }: FloatingAddress,
): IPSecConnectionSpec {
  const localAddr = formatAddress(prefix.address);
  return {
    ...spec,
    localAddr,
    paths: (spec.paths ?? []).map((path) => ({ ...path, localAddr, standby: "cold" })),
  };
}
