import { applyPlan } from "../../adapters/network/apply-plan.ts";
import { ownRoutes, sourceTo, uplink } from "../../adapters/netlink/route-lookup.ts";
import {
  attachVariable,
  nodeVariable,
  readOrders,
  type AttachOrder,
} from "../../model/attach/attach-order.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import { parseAddress } from "../../model/net/address.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import { workerPlan } from "../../model/network/worker-plan.ts";

/**
 * Attaches the network namespace of this process to each child that its orders name: a pod's init
 * container does so.
 *
 * @returns the addresses in the segments
 */
export function attachSelf(): string[] {
  const text = process.env[attachVariable];
  if (text === undefined) {
    throw new Error(`${attachVariable} is not set: the operator's webhook sets it in pods`);
  }
  const orders = readOrders(text);
  // All plans first: the routes of an attachment do not affect the plans of the others.
  for (const plan of orders.map((order) => planOf(order, orders)))
    applyPlan({ namespace: undefined }, plan);
  return orders.map(({ worker }) => formatPrefix(worker.address));
}

function planOf(order: AttachOrder, all: readonly AttachOrder[]): NetworkPlan {
  const { connection, child, gatewayUnderlay } = order;
  const gateway = `the gateway of ${childRefKey({ connection: connection.id, child: child.key })}`;
  const { family } = gatewayUnderlay;
  const link = uplink(undefined, family);
  if (link === undefined) {
    throw new Error(
      `this pod has no IPv${family} default route to reach ${gateway} by: give it an IPv${family} address (a dual-stack pod network), or run the gateway on a node whose first address is of the pod's family`,
    );
  }
  const underlay = sourceTo(undefined, gatewayUnderlay);
  if (underlay === undefined) throw new Error(`this pod has no address to reach ${gateway} from`);
  const node = parseAddress(process.env[nodeVariable] ?? "") ?? [];
  const gateways = all.filter((other) => other !== order).map((other) => other.gatewayUnderlay);
  return workerPlan({
    ...order,
    device: link.name,
    deviceMtu: link.mtu,
    underlay,
    others: [node, gateways].flat(),
    ownRoutes: () => ownRoutes(undefined),
  });
}
