import type { LinkPlan, VxlanLink } from "../../model/network/network-plan.ts";
import { hasReception, receptionRules } from "../../model/network/reception-rules.ts";
import type { FilterMemory } from "../nftables/apply-rules.ts";
import { restrictRules, rulesDiffer } from "../nftables/apply-rules.ts";
import { NftError } from "../nftables/libnftables.ts";
import type { Link } from "../netlink/links.ts";
import type { Kernel } from "./kernel.ts";

/** The namespace of a device, and the parts of the system by which it is changed. */
export interface ReceptionPlace {
  readonly namespace: string | undefined;
  readonly memory: FilterMemory;
  readonly kernel: Kernel;
}

/** A device's plan that the kernel can follow. */
export interface Reception {
  readonly plan: LinkPlan;
  /** The number of transactions. */
  readonly changes: number;
}

/**
 * Has a device receive by its second MAC address, before it is up. A kernel without the rules for it
 * gets a plan by which the device uses that address for all, as a gateway alone does.
 *
 * @throws {NftError} `REFUSED` if the rules cannot be set although the kernel has all parts
 */
export function receive(place: ReceptionPlace, plan: LinkPlan, { index }: Link): Reception {
  if (plan.kind === "xfrm" || !hasReception(plan)) return { plan, changes: 0 };
  const { namespace, memory, kernel } = place;
  const rules = receptionRules(plan, index);
  try {
    const { changes } = restrictRules(namespace, rules, memory.of(rules.table), kernel);
    return { plan, changes };
  } catch (error) {
    if (!(error instanceof NftError && error.code === "UNAVAILABLE")) throw error;
    return { plan: withOneMac(plan), changes: 0 };
  }
}

/** The tables of reception that a pass would set. */
export function receptionDrift(
  { namespace, memory, kernel }: ReceptionPlace,
  plans: readonly LinkPlan[],
  links: ReadonlyMap<string, Pick<Link, "index" | "mac">>,
): string[] {
  return plans.flatMap((plan) => {
    const link = links.get(plan.name);
    if (plan.kind === "xfrm" || !hasReception(plan) || link === undefined) return [];
    // The kernel lacks the rules; the device does without.
    if (link.mac === plan.receives) return [];
    const rules = receptionRules(plan, link.index);
    const differ = rulesDiffer(namespace, rules, memory.of(rules.table), kernel);
    return differ ? [`set packet filter ${rules.table}`] : [];
  });
}

function withOneMac({ receives, ...plan }: VxlanLink): VxlanLink {
  return { ...plan, mac: receives ?? plan.mac };
}
