import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ConnectionLimit } from "../../adapters/kubernetes/admission/connection-limit.ts";
import type { Metrics } from "./metrics.ts";
import { paced } from "../time/paced.ts";

/** The limit for Prometheus, kubelet probes and all other clients that reach the port. */
const maxConnections = 64;

const headersMs = 5_000;
const requestMs = 10_000;

/** Scrapes take at most this share of the time, however many clients scrape. */
const scrapeShare = 1 / 4;

export interface MetricsServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves `/metrics`, `/healthz` and `/readyz` on `host:port`.
 *
 * @param ready whether `/readyz` reports readiness; true by default
 */
export async function serveMetrics(
  address: string,
  metrics: Pick<Metrics, "text" | "registry">,
  ready: () => boolean = () => true,
): Promise<MetricsServer> {
  const match = /^(.*):(\d+)$/.exec(address);
  if (match === null) throw new Error(`${address} is not host:port, such as 127.0.0.1:9740`);
  const [, host = "", port] = match;
  const scrape = paced(() => metrics.text(), scrapeShare);
  const answer = ({ url, method }: IncomingMessage, response: ServerResponse) => {
    if (method !== "GET" && method !== "HEAD")
      response.writeHead(405, { connection: "close" }).end();
    else if (url === "/healthz") response.end("ok\n");
    else if (url === "/readyz") response.writeHead(ready() ? 200 : 503).end();
    else if (url === "/metrics") {
      response.setHeader("content-type", metrics.registry.contentType);
      scrape().then(
        (text) => response.end(text),
        () => response.writeHead(500).end(),
      );
    } else response.writeHead(404).end("see /metrics\n");
  };
  const timeouts = { headersTimeout: headersMs, requestTimeout: requestMs };
  const server = createServer({ ...timeouts, connectionsCheckingInterval: 1_000 }, answer);
  const limit = new ConnectionLimit(maxConnections);
  server.on("connection", (socket: Socket) => limit.add(socket));
  server.listen(Number(port), host.replace(/^\[(.*)\]$/, "$1"));
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
