import type { Logger } from "pino";
import type { Inspected } from "../../runtime/inspector/inspection.ts";
import { serveInspector } from "../../runtime/inspector/serve.ts";
import type { Metrics } from "../../runtime/metrics/metrics.ts";
import { serveMetrics } from "../../runtime/metrics/metrics-server.ts";
import { errorText } from "../text/error-text.ts";
import { isPortFailure, servedAnyway } from "./served-anyway.ts";

/** The addresses of the pages, each `host:port` or `off`. */
export interface PageAddresses {
  readonly metrics: string;
  readonly inspect: string;
}

/** The sources of the pages. */
export interface Pages {
  readonly supervisor: Inspected;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Serves metrics and the inspector of `ipman run`. Tunnels do without them: an address that is in
 * use is a warning, and ipman serves the page once the address is free.
 */
export async function servePages(
  addresses: PageAddresses,
  { supervisor, metrics, log }: Pages,
  resources: AsyncDisposableStack,
): Promise<void> {
  const serve = async (option: keyof PageAddresses, listen: () => Promise<AsyncDisposable>) => {
    if (addresses[option] === "off") return;
    const onTrouble = (error: unknown) => log.warn(unserved(option, addresses, error));
    resources.use(await servedAnyway({ listen, mayPass: isPortFailure, onTrouble }));
  };
  await serve("metrics", () => serveMetrics(addresses.metrics, metrics));
  await serve("inspect", async () => {
    const server = await serveInspector(addresses.inspect, supervisor);
    log.info({ url: server.url }, "the inspector is served");
    return server;
  });
}

/** The warning about an address that cannot be served. */
function unserved(
  option: keyof PageAddresses,
  { [option]: address }: PageAddresses,
  cause: unknown,
): string {
  const effect = "tunnels do not need it, and ipman keeps trying";
  const remedy = `choose another address by --${option} HOST:PORT, or --${option} off`;
  return `--${option} ${address}: ${errorText(cause)}; ${effect}; ${remedy}`;
}
