import { bitsOf } from "../../model/net/address.ts";
import { parsePrefix } from "../../model/net/prefix.ts";
import { UsageError, type CommandOption } from "./option.ts";

/** Bits of a network's addresses that gateways and workers need at least. */
const leastHostBits = 3;

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
