import { bitsOf } from "../../model/net/address.ts";
import {
  formatPrefix,
  isNetwork,
  networkOf,
  parsePrefix,
  type Prefix,
} from "../../model/net/prefix.ts";
import { UsageError, type CommandOption } from "./option.ts";

/** Bits of a network's addresses that gateways and workers need at least. */
const leastHostBits = 3;

/** Twice as many as the chart accepts: the operator adds addresses to the list of its agents. */
const mostNetworks = 128;

/** An option that is IP networks with commas between them. */
export function networksOption(flags: string, help: string): CommandOption<readonly Prefix[]> {
  const parse = (text: string) => {
    const networks = text.split(",").filter(Boolean).map(networkFrom);
    if (networks.length <= mostNetworks) return networks;
    throw new UsageError(`must be at most ${mostNetworks} networks, not ${networks.length}`);
  };
  return { flags, help, fallback: [], parse };
}

function networkFrom(text: string): Prefix {
  const prefix = parsePrefix(text.trim());
  if (prefix === undefined)
    throw new UsageError(`must be networks such as 10.244.0.0/16,10.96.0.0/12, not "${text}"`);
  if (isNetwork(prefix)) return prefix;
  const network = formatPrefix(networkOf(prefix));
  throw new UsageError(`must be networks: "${text}" has host bits set, use ${network}`);
}

/** An option that is an IP network with room for gateways and workers. */
export function networkOption(
  flags: string,
  help: string,
  fallback: string,
): CommandOption<string> {
  const parse = (text: string) => {
    const prefix = parsePrefix(text);
    const hostBits = prefix === undefined ? 0 : bitsOf(prefix.address.family) - prefix.length;
    if (hostBits >= leastHostBits) return text;
    throw new UsageError(
      `must be a network with room for gateways and workers, such as ${fallback}, not "${text}"`,
    );
  };
  return { flags, help, fallback, parse };
}
