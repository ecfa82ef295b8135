import { bitsOf } from "../../model/net/address.ts";
import { parsePrefix, type Prefix } from "../../model/net/prefix.ts";

/** Parses the option `--fabric`. */
export function fabricNetwork(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined || prefix.length > bitsOf(prefix.address.family) - 3) {
    throw new Error(
      `--fabric: "${text}" is not a network with at least 8 addresses, such as 198.18.0.0/16`,
    );
  }
  return prefix;
}
