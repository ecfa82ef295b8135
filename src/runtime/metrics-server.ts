import { once } from "node:events";
import { createServer } from "node:http";
import type { Metrics } from "./metrics.ts";

/**
 * Serves `/metrics`, `/healthz` and `/readyz` on `host:port`.
 *
 * @param ready whether everything is known that there is to know
 */
export async function serveMetrics(
  address: string,
  metrics: Metrics,
  ready: () => boolean = () => true,
): Promise<AsyncDisposable> {
  const match = /^(.*):(\d+)$/.exec(address);
  if (match === null) throw new Error(`${address} is no host:port`);
  const [, host = "", port] = match;
  const server = createServer((request, response) => {
    if (request.url === "/healthz") response.end("ok\n");
    else if (request.url === "/readyz") response.writeHead(ready() ? 200 : 503).end();
    else if (request.url === "/metrics") {
      response.setHeader("content-type", metrics.registry.contentType);
      metrics.text().then(
        (text) => response.end(text),
        () => response.writeHead(500).end(),
      );
    } else response.writeHead(404).end("see /metrics\n");
  });
  server.listen(Number(port), host.replace(/^\[(.*)\]$/, "$1"));
  await once(server, "listening");
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
