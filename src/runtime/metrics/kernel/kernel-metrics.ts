import { Counter, type Registry } from "prom-client";
import type { NetworkPort } from "../../ports/ports.ts";

export type ErrorsPort = Pick<NetworkPort, "xfrmErrors">;

/**
 * Adds the counters of packets that the kernel's IPsec dropped. SAs and policies are in charon's
 * namespace, which therefore counts the packets of all xfrm interfaces.
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

/** The counters; empty while charon is away, since its namespace is unknown then. */
function errorsOf(network: ErrorsPort): ReadonlyMap<string, number> {
  try {
    return network.xfrmErrors();
  } catch {
    return new Map();
  }
}
