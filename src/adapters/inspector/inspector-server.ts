import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { auditTime, buffer, connect, type Observable } from "rxjs";
import type { WebSocket, WebSocketServer } from "ws";
import { pageFile } from "./page-files.ts";

/** Opens a stream of messages for one viewer; `compact` for the page, which needs each chart once. */
export type InspectorSource = (options: { readonly compact: boolean }) => Observable<object>;

/** Bytes that may wait for a viewer that does not read. */
const mostUnread = 16 * 1024 * 1024;

/** Messages to the page are batched for this long: it draws at most once per frame. */
const batchMs = 30;

const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/**
 * Serves the inspector's page and its WebSocket, on this machine only. Viewers of
 * `@statelyai/inspect` can use the same WebSocket; they get one message per event.
 */
export class InspectorServer implements AsyncDisposable {
  readonly #http: Server;
  #sockets: WebSocketServer | undefined;
  readonly #source: InspectorSource;

  private constructor(source: InspectorSource) {
    this.#source = source;
    this.#http = createServer((request, response) => void answer(request, response));
    this.#http.on("upgrade", (request, socket, head) => {
      this.#upgrade(request, socket, head).catch(() => socket.destroy());
    });
  }

  /**
   * @param address `host:port` with a loopback address as host
   * @throws if the address is not a loopback address, or in use
   */
  static async listen(address: string, source: InspectorSource): Promise<InspectorServer> {
    const match = /^(127(?:\.\d+){3}|localhost|\[::1\]):(\d+)$/.exec(address);
    if (match === null)
      throw new Error(
        `the inspector serves this machine only: "${address}" is not 127.0.0.1:PORT, localhost:PORT or [::1]:PORT`,
      );
    const [, host = "", port] = match;
    const server = new InspectorServer(source);
    server.#http.listen(Number(port), host.replace(/^\[(.*)\]$/, "$1"));
    await once(server.#http, "listening");
    return server;
  }

  get url(): string {
    const { address, port, family } = this.#http.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets?.clients ?? []) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!isLocal(request)) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const compact = request.url === "/?page";
    // Imported for the first viewer only: without it tunnels come up sooner.
    const { WebSocketServer } = await import("ws");
    this.#sockets ??= new WebSocketServer({ noServer: true, maxPayload: 1024 });
    this.#sockets.handleUpgrade(request, socket, head, (viewer) => {
      const messages = this.#source({ compact });
      const sent: Observable<object> = compact ? messages.pipe(batched) : messages;
      const subscription = sent.subscribe((message) => send(viewer, message));
      viewer.on("error", () => viewer.terminate());
      viewer.on("close", () => subscription.unsubscribe());
    });
  }
}

/** Batches messages; no timer runs while there are none. */
function batched(messages: Observable<object>): Observable<readonly object[]> {
  return messages.pipe(connect((shared) => shared.pipe(buffer(shared.pipe(auditTime(batchMs))))));
}

function send(viewer: WebSocket, message: object): void {
  viewer.send(JSON.stringify(message));
  // A viewer that does not read must not use up the tunnels' memory; the page reconnects.
  if (viewer.bufferedAmount > mostUnread) viewer.terminate();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLocal(request)) return void response.writeHead(403).end();
  if (request.method !== "GET" && request.method !== "HEAD")
    return void response.writeHead(405).end();
  try {
    const path = (request.url ?? "").replace(/^\/|[?#].*$/g, "");
    const file = await pageFile(path === "" ? "index.html" : path);
    if (file === undefined) return void response.writeHead(404, headers).end();
    const type = `${file.type}; charset=utf-8`;
    response.writeHead(200, { ...headers, "content-type": type }).end(file.body);
  } catch {
    response.writeHead(500).end();
  }
}

/**
 * Whether a request names this machine, and comes from the inspector's own page. This keeps other
 * pages out, also those whose DNS name resolves to a loopback address.
 */
function isLocal({ headers: { host = "", origin } }: IncomingMessage): boolean {
  const isLoopback = /^(127(\.\d+){3}|localhost|\[::1\])(:\d+)?$/.test(host);
  return isLoopback && (origin === undefined || origin === `http://${host}`);
}
