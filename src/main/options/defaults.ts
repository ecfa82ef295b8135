import { join } from "node:path";

/** The folder with a runtime's control socket and the state that outlives a restart. */
export const defaultStateFolder = "/run/ipman";

/** charon's VICI socket in Debian's package. */
export const defaultViciPath = "/run/charon.vici";

/** UDP; Calico drops 4789 from pods, Cilium and flannel use 8472. */
export const defaultVxlanPort = 7789;

/** Addresses between gateways and workloads on a host, from the range of RFC 2544. */
export const defaultFabric = "198.18.0.0/16";

/** The address of the inspector's page. */
export const defaultInspector = "127.0.0.1:9741";

export function controlSocket(stateFolder: string): string {
  return join(stateFolder, "control.sock");
}

/** Limits the VICI session of a scrape: Prometheus waits for ten seconds in all. */
export const whileScraped = { deadlineMs: 1_500 };
