import type { Gateway } from "../../model/network/endpoint.ts";
import type { GatewayContext, GatewayOrder } from "./gateway-types.ts";

/** The order of a gateway that has a namespace. */
export function orderOf(context: GatewayContext): GatewayOrder {
  const { connection, child, workers, services, tunnel, tunnels, applied } = context;
  const { carries, contests } = context;
  const gateway = context.gateway as Gateway;
  const ends = { gateway, workers, ...(services && { services }) };
  return { connection, child, ...ends, tunnel, tunnels, applied, carries, contests };
}
