import { trackedUsage } from "../../adapters/conntrack/usage.ts";
import { NetlinkError } from "../../adapters/linux/errors.ts";
import type { NetlinkTransport } from "../../adapters/linux/netlink-transport.ts";
import type { GatewayOrder } from "../../machines/gateway/gateway-types.ts";
import { childRefKey, type ChildRef } from "../../model/api/child-ref.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import type { GatewayUsage } from "../../model/status/tracked-usage.ts";

/** A gateway whose packet filter tracks connections. */
interface TrackedGateway extends ChildRef {
  readonly namespace: string | undefined;
}

/** The gateways that track connections, by their last plans. */
export class TrackedGateways {
  readonly #netlink: NetlinkTransport;
  readonly #gateways = new Map<string, TrackedGateway>();

  constructor(netlink: NetlinkTransport) {
    this.#netlink = netlink;
  }

  /** Takes the plan of a gateway. */
  note(
    { connection, child, gateway }: Pick<GatewayOrder, "connection" | "child" | "gateway">,
    { rules }: Pick<NetworkPlan, "rules">,
  ): void {
    const ref = { connection: connection.id, child: child.key };
    const key = childRefKey(ref);
    if (rules?.tracking === undefined) this.#gateways.delete(key);
    else this.#gateways.set(key, { ...ref, namespace: gateway.netns });
  }

  /**
   * The connections that each gateway tracks. One whose namespace is gone is left out from then on.
   *
   * @throws {NetlinkError}
   */
  usages(): GatewayUsage[] {
    return [...this.#gateways].flatMap(([key, { namespace, ...ref }]) => {
      try {
        const usage = trackedUsage(namespace, this.#netlink);
        return usage === undefined ? [] : [{ ...ref, ...usage }];
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === "ENOENT")) throw error;
        this.#gateways.delete(key);
        return [];
      }
    });
  }
}
