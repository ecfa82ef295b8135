import { trackedUsage } from "../../adapters/conntrack/usage.ts";
import type { NetlinkTransport } from "../../adapters/linux/netlink-transport.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import type { TrackingPlan } from "../../model/rules/tracking-plan.ts";
import type { GatewayUsage } from "../../model/status/tracked-usage.ts";
import { NotedGateways, type NotedOrder } from "./noted-gateways.ts";

/** The gateways that track connections, by their last plans. */
export class TrackedGateways {
  readonly #netlink: NetlinkTransport;
  readonly #gateways = new NotedGateways<TrackingPlan>();

  constructor(netlink: NetlinkTransport) {
    this.#netlink = netlink;
  }

  /** Takes the plan of a gateway. */
  note(order: NotedOrder, { rules }: Pick<NetworkPlan, "rules">): void {
    this.#gateways.note(order, rules?.tracking);
  }

  /**
   * The connections that each gateway tracks. One whose namespace is gone is left out from then on.
   *
   * @throws {NetlinkError}
   */
  usages(): GatewayUsage[] {
    const usages = this.#gateways.each(({ ref, namespace }) => {
      const usage = trackedUsage(namespace, this.#netlink);
      return usage === undefined ? [] : [{ ...ref, ...usage }];
    });
    return [...usages].flat();
  }
}
