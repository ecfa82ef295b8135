import { isSingleHost } from "./remote-address.ts";
import type { IPSecConnectionSpec } from "./schema/ipsec-connection.ts";
import { parseAddress } from "../net/address.ts";

/** The problem of the local address of a connection or of a path. */
export function localAddressProblem({
  remoteAddr,
  localAddr,
}: Pick<IPSecConnectionSpec, "remoteAddr" | "localAddr">): string | undefined {
  if (localAddr === "" || localAddr === "%any") return undefined;
  const local = parseAddress(localAddr);
  if (local === undefined)
    return `"${localAddr}" is not an IP address; use %any or leave it empty to let routing decide`;
  const remote = isSingleHost(remoteAddr) ? parseAddress(remoteAddr) : undefined;
  if (remote === undefined || local.family === remote.family) return undefined;
  return `is IPv${local.family}, but remoteAddr is IPv${remote.family}: use one family for both`;
}
