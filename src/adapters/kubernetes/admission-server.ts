import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { KubeObject } from "../../model/kube-object.ts";
import type { PatchOperation } from "../../model/json-patch.ts";
import type { KeyPair } from "./certificates.ts";

/** The part of an admission.k8s.io/v1 request that is read. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly kind: string };
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly object: KubeObject | null;
  readonly oldObject: KubeObject | null;
  readonly dryRun?: boolean;
}

/** What is said to a request. */
export type Verdict =
  | {
      readonly allowed: true;
      readonly patch?: readonly PatchOperation[];
      readonly warnings?: readonly string[];
    }
  | {
      readonly allowed: false;
      readonly message: string;
      /** HTTP status: 403, 429 for what passes if it is tried again, 500 for no fault of who asks. */
      readonly code: number;
    };

export type AdmissionHandler = (request: AdmissionRequest) => Promise<Verdict>;

/** Answers the API server's webhooks, by path. */
export class AdmissionServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(
    port: number,
    pair: KeyPair,
    handlers: Readonly<Record<string, AdmissionHandler>>,
  ): Promise<AdmissionServer> {
    const app = new Hono();
    for (const [path, handler] of Object.entries(handlers)) {
      app.post(path, async (context) => {
        const review = await context.req.json<{ request: AdmissionRequest }>();
        return context.json(reviewOf(review.request, await handler(review.request)));
      });
    }
    // A handler that fails is a defect of ours: the API server decides by its failure policy.
    app.onError((error, context) => context.text(error.message, 500));
    const listener = getRequestListener(app.fetch);
    const server = createServer(tlsOf(pair), (request, response) => {
      // It answers its own errors.
      void listener(request, response);
    });
    // The API server keeps its connections for longer than Node would.
    server.keepAliveTimeout = 120_000;
    server.listen(port);
    await once(server, "listening");
    return new AdmissionServer(server);
  }

  /** Shows another certificate from the next connection on. */
  use(pair: KeyPair): void {
    this.#server.setSecureContext(tlsOf(pair));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    await closed;
  }
}

function tlsOf({ certificate, key }: KeyPair) {
  return { cert: certificate, key, minVersion: "TLSv1.2" as const };
}

function reviewOf({ uid }: AdmissionRequest, verdict: Verdict) {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, ...responseOf(verdict) },
  };
}

function responseOf(verdict: Verdict) {
  if (!verdict.allowed) {
    const { message, code } = verdict;
    return { allowed: false, status: { code, message } };
  }
  const { patch, warnings } = verdict;
  return {
    allowed: true,
    ...(warnings !== undefined && { warnings }),
    ...(patch !== undefined && {
      patchType: "JSONPatch",
      patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
    }),
  };
}
