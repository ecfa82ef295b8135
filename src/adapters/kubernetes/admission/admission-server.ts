import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import {
  answerTimeOf,
  MalformedReview,
  requestIn,
  reviewOf,
  type AdmissionHandler,
  type Verdict,
} from "./admission-review.ts";
import type { KeyPair } from "./certificates.ts";
import { BodyTooLarge, readBody } from "../client/read-body.ts";
import { ConnectionLimit } from "./connection-limit.ts";

/** Why a request was refused before it reached a handler. */
export const refusalReasons = ["path", "certificate", "body", "malformed", "busy"] as const;

export type RefusalReason = (typeof refusalReasons)[number];

export interface AdmissionServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly pair: KeyPair;
  /** By endpoint. */
  readonly handlers: ReadonlyMap<string, AdmissionHandler>;
  /** The endpoint of a path; undefined unless the API server was given the path. */
  readonly endpointOf: (path: string) => string | undefined;
  /** PEM. Connections need a client certificate of this authority. */
  readonly clientAuthority?: string | undefined;
  readonly onRefused?: (reason: RefusalReason, from: string) => void;
  readonly limits?: Partial<AdmissionLimits>;
}

export interface AdmissionLimits {
  /** The body of one request, in bytes. */
  readonly body: number;
  /** The bodies of all requests without an answer, in bytes. */
  readonly bodies: number;
  /** Requests without an answer. Each may wait for a gateway. */
  readonly requests: number;
  /** Connections on which no request was accepted yet. */
  readonly unproven: number;
  /** The time for a TLS handshake, and for the headers of a request, in milliseconds. */
  readonly headersMs: number;
  /** The time for a whole request, in milliseconds. */
  readonly requestMs: number;
}

/**
 * The API server accepts request bodies up to 3 MiB, and etcd objects up to 1.5 MiB: an
 * AdmissionReview with an object and its predecessor is below 8 MiB.
 */
const defaultLimits: AdmissionLimits = {
  body: 8 * 2 ** 20,
  bodies: 64 * 2 ** 20,
  requests: 1_000,
  unproven: 256,
  headersMs: 5_000,
  requestMs: 10_000,
};

const statusOf = { path: 404, certificate: 403, body: 413, malformed: 400, busy: 503 } as const;

/**
 * Answers the webhook calls of the API server only. A request without a secret path is refused
 * before its body is read, and its connection is closed.
 */
export class AdmissionServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: AdmissionServerOptions;
  readonly #limits: AdmissionLimits;
  readonly #unproven: ConnectionLimit;
  #requests = 0;
  #bytes = 0;

  private constructor(options: AdmissionServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#unproven = new ConnectionLimit(this.#limits.unproven);
    const { headersMs, requestMs } = this.#limits;
    this.#server = createServer({
      ...tlsOf(options.pair, options.clientAuthority),
      requestCert: options.clientAuthority !== undefined,
      rejectUnauthorized: options.clientAuthority !== undefined,
      handshakeTimeout: headersMs,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(1_000, headersMs),
      // The API server keeps its connections for longer than Node's default.
      keepAliveTimeout: 120_000,
    });
    this.#server.on("connection", (socket: Socket) => this.#unproven.add(socket));
    this.#server.on("request", (request, response) => this.#handle(request, response));
    this.#server.on("checkContinue", (request, response) => this.#handle(request, response));
    this.#server.on("tlsClientError", (_, socket) => {
      if (options.clientAuthority === undefined) return;
      options.onRefused?.("certificate", socket.remoteAddress ?? "");
    });
  }

  static async listen(options: AdmissionServerOptions): Promise<AdmissionServer> {
    const server = new AdmissionServer(options);
    server.#server.listen(options.port);
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Presents another certificate from the next connection on. */
  use(pair: KeyPair): void {
    this.#server.setSecureContext(tlsOf(pair, this.#options.clientAuthority));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    this.#unproven.end();
    await closed;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const arrived = performance.now();
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    const endpoint = request.method === "POST" ? this.#options.endpointOf(path) : undefined;
    const handler = this.#options.handlers.get(endpoint ?? "");
    if (handler === undefined) return this.#refuse(request, response, "path");
    this.#unproven.exempt(request.socket);
    const { body, bodies, requests } = this.#limits;
    const length = Number(request.headers["content-length"] ?? body);
    if (length > body) return this.#refuse(request, response, "body");
    if (this.#requests >= requests || this.#bytes + length > bodies)
      return this.#refuse(request, response, "busy");
    if (request.headers.expect !== undefined) response.writeContinue();
    this.#requests++;
    this.#bytes += length;
    void this.#answer(request, response, handler, arrived + answerTimeOf(query)).finally(() => {
      this.#requests--;
      this.#bytes -= length;
    });
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    handler: AdmissionHandler,
    deadline: number,
  ): Promise<void> {
    try {
      // A request whose body is too large is not destroyed: its answer uses the same socket.
      const body = request.iterator({ destroyOnReturn: false });
      const admission = requestIn(await readBody(body, this.#limits.body));
      const verdict = await inTime(handler(admission, deadline), deadline);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(reviewOf(admission, verdict)));
    } catch (error) {
      // The client has disconnected.
      if (request.socket.destroyed) return;
      if (error instanceof BodyTooLarge) this.#refuse(request, response, "body");
      else if (error instanceof MalformedReview)
        this.#refuse(request, response, "malformed", error);
      // A handler fails by a defect only: the API server decides by its failure policy.
      else response.writeHead(500).end((error as Error).message);
    }
  }

  /** Closes the connection, without reading the rest of the request. */
  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    reason: RefusalReason,
    { message }: { readonly message: string } = { message: "" },
  ): void {
    this.#options.onRefused?.(reason, request.socket.remoteAddress ?? "");
    response.writeHead(statusOf[reason], { connection: "close" }).end(message);
  }
}

/** The verdict of a handler, or a denial if there is none by the deadline. */
async function inTime(verdict: Promise<Verdict>, deadline: number): Promise<Verdict> {
  const late: Verdict = {
    allowed: false,
    code: 429,
    message: "ipman could not decide in time; try again",
  };
  const { promise: timeout, resolve } = Promise.withResolvers<Verdict>();
  const timer = setTimeout(resolve, Math.max(0, deadline - performance.now()), late);
  return Promise.race([verdict, timeout]).finally(() => clearTimeout(timer));
}

function tlsOf({ certificate, key }: KeyPair, clientAuthority: string | undefined) {
  const ca = clientAuthority === undefined ? {} : { ca: clientAuthority };
  return { cert: certificate, key, ...ca, minVersion: "TLSv1.2" as const };
}
