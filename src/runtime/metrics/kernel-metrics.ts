import { Counter, type Registry } from "prom-client";
import type { NetworkPort } from "../ports/ports.ts";

export type ErrorsPort = Pick<NetworkPort, "xfrmErrors">;

/**
 * Shows the packets that the kernel's IPsec did not let through. SAs and policies are in
 * charon's namespace, and what befalls a packet of an xfrm interface is counted there, too.
 */
export function showXfrmErrors(registry: Registry, network: ErrorsPort): void {
  void new Counter({
    name: "ipman_xfrm_errors_total",
    help: "Packets that IPsec dropped in charon's namespace, by kernel counter.",
    labelNames: ["counter"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [counter, value] of errorsOf(network)) this.inc({ counter }, value);
    },
  });
}

/** None while charon is away: where it was is not known. */
function errorsOf(network: ErrorsPort): ReadonlyMap<string, number> {
  try {
    return network.xfrmErrors();
  } catch {
    return new Map();
  }
}
