import type { NatSpec } from "../../api/schema/nat.ts";
import { parseRange } from "../../net/address-pool.ts";
import { parsePrefix, type Prefix } from "../../net/prefix.ts";
import type { ChildNat } from "../../translation/child-nat.ts";

/** The translation that a valid child declares; undefined if nothing is translated. */
export function natFromSpec(spec: NatSpec | undefined): ChildNat | undefined {
  const { source = {}, remote = [] } = spec ?? {};
  const { addresses, networks = [] } = source;
  if (addresses === undefined && networks.length + remote.length === 0) return undefined;
  return {
    addresses: addresses === undefined ? undefined : parseRange(addresses),
    local: networks.map(({ local, seen }) => pairOf(local, seen)),
    remote: remote.map(({ actual, seen }) => pairOf(actual, seen)),
  };
}

function pairOf(actual: string, seen: string) {
  return { actual: parsePrefix(actual) as Prefix, seen: parsePrefix(seen) as Prefix };
}
