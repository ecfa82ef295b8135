import type { VxlanLink } from "./network-plan.ts";
import type { RulesPlan } from "../rules/rules-plan.ts";

/**
 * Plans the rules by which a device receives frames for a second MAC address: the kernel would drop
 * them as those of another host. The hook stays with the device, not with its name, so that the
 * rules of another device are another plan.
 *
 * @param index the number of the device in its namespace
 */
export function receptionRules(
  { name, receives }: { readonly name: string; readonly receives: string },
  index: number,
): RulesPlan {
  return {
    family: "netdev",
    table: `ipman_reception_${name}`,
    sets: [],
    frame: `
  # device ${index}
  chain reception {
    type filter hook ingress device "${name}" priority filter; policy accept;
    ether daddr ${receives} meta pkttype set host
  }`,
    members: [],
  };
}

/** Whether a device receives by a second MAC address. */
export function hasReception(
  link: VxlanLink,
): link is VxlanLink & Required<Pick<VxlanLink, "receives">> {
  return link.receives !== undefined;
}
