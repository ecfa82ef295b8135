import { parseAddress } from "../net/address.ts";
import { parsePrefix } from "../net/prefix.ts";
import { isHostName } from "./names.ts";

/** The forms of `remoteAddr` that match every address. */
const anyAddress = new Set(["%any", "%any4", "%any6", "0.0.0.0", "::"]);

/**
 * Whether `remoteAddr` names one host, to which charon can initiate: an address or a DNS name, but
 * not `%any`, a network or a range.
 */
export function isSingleHost(remoteAddr: string): boolean {
  if (anyAddress.has(remoteAddr) || rangeOf(remoteAddr) !== undefined) return false;
  return parseAddress(remoteAddr) !== undefined || isHostName(remoteAddr);
}

/** The problem of a `remoteAddr` that charon does not accept. */
export function remoteAddressProblem(remoteAddr: string): string | undefined {
  if (anyAddress.has(remoteAddr) || isSingleHost(remoteAddr)) return undefined;
  if (isNetwork(remoteAddr) || rangeOf(remoteAddr) === "valid") return undefined;
  return `"${remoteAddr}" is not an address of a peer: use an IP address, a DNS name, or, for a peer without a fixed address, %any, a network such as 192.0.2.0/24 or a range such as 192.0.2.1-192.0.2.9`;
}

function isNetwork(text: string): boolean {
  return text.includes("/") && parsePrefix(text) !== undefined;
}

/** Whether two addresses are a range; undefined if the text is not two addresses. */
function rangeOf(text: string): "valid" | "invalid" | undefined {
  const [first, last, ...more] = text.split("-").map(parseAddress);
  if (first === undefined || last === undefined || more.length > 0) return undefined;
  return first.family === last.family && first.value <= last.value ? "valid" : "invalid";
}
