import { join } from "node:path";

/** Where a runtime keeps its socket and what it has to remember over a restart. */
export const defaultStateFolder = "/run/ipman";

/** charon's VICI socket as Debian has it. */
export const defaultViciPath = "/run/charon.vici";

/** UDP; Calico drops 4789 from pods, Cilium and flannel have 8472. */
export const defaultVxlanPort = 7789;

/** Between gateways and workloads on a host: RFC 2544's range, which no network uses. */
export const defaultFabric = "198.18.0.0/16";

/** Where the inspector's page is served. */
export const defaultInspector = "127.0.0.1:9741";

export function controlSocket(stateFolder: string): string {
  return join(stateFolder, "control.sock");
}

/** Of the session that a scrape has: Prometheus waits for ten seconds in all. */
export const whileScraped = { deadlineMs: 1_500 };
