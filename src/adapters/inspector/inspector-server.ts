import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { auditTime, buffer, connect, type Observable } from "rxjs";
import type { WebSocket, WebSocketServer } from "ws";
import { pageFile } from "./page-files.ts";

/** What there is to be told; `compact` for the page, which needs each chart once. */
export type InspectorSource = (how: { readonly compact: boolean }) => Observable<object>;

/** Bytes that a viewer may leave unread. */
const mostUnread = 16 * 1024 * 1024;

/** What the page is told is gathered for so long: it draws once a frame anyway. */
const gatherMs = 30;

const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/**
 * The inspector's page, and the WebSocket that it listens to; on this machine alone. The same
 * socket serves viewers of `@statelyai/inspect`, with a message for each event.
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
   * @param address `host:port`, with a host that only this machine reaches
   * @throws where it is another's, or in use
   */
  static async listen(address: string, source: InspectorSource): Promise<InspectorServer> {
    const match = /^(127(?:\.\d+){3}|localhost|\[::1\]):(\d+)$/.exec(address);
    if (match === null)
      throw new Error(`the inspector is for this machine alone: ${address} is no 127.0.0.1:PORT`);
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
    if (!isFromHere(request)) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const compact = request.url === "/?page";
    // Loaded for the first who looks: tunnels come up sooner without.
    const { WebSocketServer } = await import("ws");
    this.#sockets ??= new WebSocketServer({ noServer: true, maxPayload: 1024 });
    this.#sockets.handleUpgrade(request, socket, head, (viewer) => {
      const told = this.#source({ compact });
      const messages = compact ? told.pipe(gathered) : told;
      const subscription = messages.subscribe((message) => send(viewer, message));
      viewer.on("error", () => viewer.terminate());
      viewer.on("close", () => subscription.unsubscribe());
    });
  }
}

/** Nothing wakes while nothing is told. */
function gathered(told: Observable<object>): Observable<readonly object[]> {
  return told.pipe(connect((shared) => shared.pipe(buffer(shared.pipe(auditTime(gatherMs))))));
}

function send(viewer: WebSocket, message: object): void {
  viewer.send(JSON.stringify(message));
  // One that does not read must not cost the tunnels their memory; it comes again by itself.
  if (viewer.bufferedAmount > mostUnread) viewer.terminate();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isFromHere(request)) return void response.writeHead(403).end();
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
 * Whether a request is meant for here, and sent by a page that came from here: a page from
 * elsewhere must not read along, whatever name it has made its address resolve to.
 */
function isFromHere({ headers: { host = "", origin } }: IncomingMessage): boolean {
  const isLocal = /^(127(\.\d+){3}|localhost|\[::1\])(:\d+)?$/.test(host);
  return isLocal && (origin === undefined || origin === `http://${host}`);
}
