import type { Gateway } from "../../model/network/endpoint.ts";
import type { GatewayContext, GatewayOrder } from "./gateway-types.ts";

/** The order of a gateway that has a namespace. */
export function orderOf(context: GatewayContext): GatewayOrder {
  const { connection, child, workers, tunnel, tunnels, applied, carries, contests } = context;
  const gateway = context.gateway as Gateway;
  return { connection, child, gateway, workers, tunnel, tunnels, applied, carries, contests };
}
