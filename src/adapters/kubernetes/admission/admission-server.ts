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

/** Why a request was refused before a handler saw it. */
export const refusalReasons = ["path", "certificate", "body", "malformed", "busy"] as const;

export type RefusalReason = (typeof refusalReasons)[number];

export interface AdmissionServerOptions {
  /** 0 for one that is free. */
  readonly port: number;
  readonly pair: KeyPair;
  /** By endpoint. */
  readonly handlers: ReadonlyMap<string, AdmissionHandler>;
  /** Gives the endpoint of a path; undefined where the path is not one that the API server was given. */
  readonly endpointOf: (path: string) => string | undefined;
  /** As PEM: connections need a client certificate of this authority. */
  readonly clientAuthority?: string | undefined;
  readonly onRefused?: (reason: RefusalReason, from: string) => void;
  readonly limits?: Partial<AdmissionLimits>;
}

export interface AdmissionLimits {
  /** Of one request, in bytes. */
  readonly body: number;
  /** Of all requests that have no answer yet, in bytes. */
  readonly bodies: number;
  /** Requests that have no answer yet. Each may wait for a gateway. */
  readonly requests: number;
  /** Connections without a request that was accepted. */
  readonly unproven: number;
  /** For a TLS handshake, and for the headers of a request, in milliseconds. */
  readonly headersMs: number;
  /** For a whole request, in milliseconds. */
  readonly requestMs: number;
}

/**
 * The API server takes 3 MiB as the body of a request, and etcd 1.5 MiB as an object: an
 * AdmissionReview of an object and the one before it is below 8 MiB.
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
 * Answers the webhook calls of the API server, and of no other client: a request whose path is
 * not secret is refused before its body is read, and its connection is closed.
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
      // The API server keeps its connections for longer than Node would.
      keepAliveTimeout: 120_000,
    });
    this.#server.on("connection", (socket: Socket) => this.#unproven.add(socket));
    this.#server.on("request", (request, response) => this.#take(request, response));
    this.#server.on("checkContinue", (request, response) => this.#take(request, response));
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

  /** Shows another certificate from the next connection on. */
  use(pair: KeyPair): void {
    this.#server.setSecureContext(tlsOf(pair, this.#options.clientAuthority));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    this.#unproven.end();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
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
      // It is not destroyed where its body is too large: the answer goes by the same socket.
      const body = request.iterator({ destroyOnReturn: false });
      const asked = requestIn(await readBody(body, this.#limits.body));
      const verdict = await inTime(handler(asked, deadline), deadline);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(reviewOf(asked, verdict)));
    } catch (error) {
      // Its sender has gone.
      if (request.socket.destroyed) return;
      if (error instanceof BodyTooLarge) this.#refuse(request, response, "body");
      else if (error instanceof MalformedReview)
        this.#refuse(request, response, "malformed", error);
      // A handler that fails is a defect of ours: the API server decides by its failure policy.
      else response.writeHead(500).end((error as Error).message);
    }
  }

  /** Closes the connection: what else there is of the request is not read. */
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

/** A handler's verdict, or a denial where there is none by the deadline. */
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
