import { NetlinkError } from "../../adapters/linux/errors.ts";
import type { NetlinkTransport } from "../../adapters/linux/netlink-transport.ts";
import { countersOf } from "../../adapters/nftables/read-counters.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import type { Volumes } from "../../model/rules/counting-plan.ts";
import type { RulesPlan } from "../../model/rules/rules-plan.ts";
import type { CountedTraffic } from "../../model/traffic/counted-traffic.ts";
import { NotedGateways, type NotedOrder } from "./noted-gateways.ts";

const none: Volumes = new Map();

/** The gateways that count the traffic of Services and of rules, by their last plans. */
export class CountingGateways {
  readonly #netlink: NetlinkTransport;
  readonly #gateways = new NotedGateways<RulesPlan>();

  constructor(netlink: NetlinkTransport) {
    this.#netlink = netlink;
  }

  /** Takes the plan of a gateway. */
  note(order: NotedOrder, { rules }: Pick<NetworkPlan, "rules">): void {
    this.#gateways.note(order, rules?.counted === undefined ? undefined : rules);
  }

  /**
   * The traffic that each gateway counted, read by one request for each. A gateway that the kernel does
   * not show has none, and a subject without counters yet is left out.
   */
  traffic(): Iterable<readonly CountedTraffic[]> {
    return this.#gateways.each(({ ref, namespace, value: plan }) => {
      const volumes = this.#volumes(namespace, plan);
      return (plan.counted ?? []).flatMap(({ kind, name, endpoints, ...counters }) => {
        const [inbound, outbound] = [counters.inbound, counters.outbound].map((counter) =>
          volumes.get(counter),
        );
        if (inbound === undefined || outbound === undefined) return [];
        const subject = { kind, name, ...(endpoints !== undefined && { endpoints }) };
        return [{ ...ref, ...subject, inbound, outbound }];
      });
    });
  }

  /** @throws {NetlinkError} if the namespace is gone */
  #volumes(namespace: string | undefined, plan: RulesPlan): Volumes {
    try {
      return countersOf(namespace, plan, this.#netlink);
    } catch (error) {
      if (error instanceof NetlinkError && error.code !== "ENOENT") return none;
      throw error;
    }
  }
}
