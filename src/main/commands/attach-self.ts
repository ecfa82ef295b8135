import { applyPlan } from "../../adapters/network/apply-plan.ts";
import { ownRoutes, sourceTo, uplink } from "../../adapters/netlink/route-lookup.ts";
import { attachVariable, nodeVariable, readOrder } from "../../model/attach/attach-order.ts";
import { parseAddress } from "../../model/net/address.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import { workerPlan } from "../../model/network/worker-plan.ts";

/** Attaches the network namespace of this process: a pod's init container does so. */
export function attachSelf(): string {
  const text = process.env[attachVariable];
  if (text === undefined) {
    throw new Error(`${attachVariable} is not set: the operator's webhook sets it in pods`);
  }
  const request = readOrder(text);
  const link = uplink(undefined, request.gatewayUnderlay.family);
  if (link === undefined) {
    const { family } = request.gatewayUnderlay;
    throw new Error(
      `this pod has no IPv${family} default route to reach its gateway by: give it an IPv${family} address (a dual-stack pod network), or run the gateway on a node whose first address is of the pod's family`,
    );
  }
  const underlay = sourceTo(undefined, request.gatewayUnderlay);
  if (underlay === undefined) throw new Error("this pod has no address to reach its gateway from");
  const node = parseAddress(process.env[nodeVariable] ?? "");
  const plan = workerPlan({
    ...request,
    device: link.name,
    deviceMtu: link.mtu,
    underlay,
    node,
    ownRoutes: () => ownRoutes(undefined),
  });
  applyPlan({ namespace: undefined }, plan);
  return formatPrefix(request.worker.address);
}
