import { applyPlan } from "../../adapters/network/apply-plan.ts";
import { sourceTo, uplink } from "../../adapters/netlink/route-lookup.ts";
import { attachVariable, readOrder } from "../../model/attach/attach-order.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import { workerPlan } from "../../model/network/worker-plan.ts";

/** Attaches the network namespace that this process is in, as a pod's init container does. */
export function attachSelf(): string {
  const text = process.env[attachVariable];
  if (text === undefined) {
    throw new Error(`${attachVariable} is not set: the operator's webhook sets it in pods`);
  }
  const order = readOrder(text);
  const link = uplink(undefined, order.gatewayUnderlay.family);
  if (link === undefined) {
    const { family } = order.gatewayUnderlay;
    throw new Error(
      `this pod has no default route of IPv${family}, over which its gateway would be reached; give it an IPv${family} address (a dual-stack pod network), or run the gateway on a node whose first address is of the pod's family`,
    );
  }
  const underlay = sourceTo(undefined, order.gatewayUnderlay);
  if (underlay === undefined) throw new Error("this pod has no address to reach its gateway from");
  const facts = { ...order, device: link.name, deviceMtu: link.mtu, underlay };
  const plan = workerPlan(facts);
  applyPlan({ namespace: undefined }, plan);
  return formatPrefix(order.worker.address);
}
