import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher } from "undici";

/** Node's error codes for a certificate that none of the given authorities has signed. */
const distrust: ReadonlySet<unknown> = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
]);

/**
 * The connections to the API server, which all requests share: client-node would open one per
 * request. They are replaced when the server's certificate is no longer trusted, since the
 * cluster may have a new authority.
 */
export class ApiConnections implements AsyncDisposable {
  readonly #config: KubeConfig;
  readonly #answerMs: number;
  #dispatcher: Promise<Dispatcher> | undefined;

  /** @param answerMs the longest time until an answer begins */
  constructor(config: KubeConfig, answerMs: number) {
    this.#config = config;
    this.#answerMs = answerMs;
  }

  async dispatcher(): Promise<Dispatcher> {
    const current = (this.#dispatcher ??= this.#create());
    try {
      return await current;
    } catch (error) {
      this.#forget(current);
      throw error;
    }
  }

  /** Handles the failure of a request. Other requests continue on their connections. */
  failed(cause: unknown): void {
    const current = this.#dispatcher;
    if (current === undefined || !distrust.has((cause as { code?: unknown }).code)) return;
    this.#forget(current);
    // A dispatcher that cannot be closed was destroyed with the client.
    current.then((old) => old.close()).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#dispatcher)?.destroy();
  }

  #forget(dispatcher: Promise<Dispatcher>): void {
    if (this.#dispatcher === dispatcher) this.#dispatcher = undefined;
  }

  async #create(): Promise<Dispatcher> {
    const tls: Record<string, unknown> = {};
    await this.#config.applyToHTTPSOptions(tls);
    const { ca, cert, key, rejectUnauthorized, servername } = tls;
    const given = { ca, cert, key, rejectUnauthorized, servername };
    const connect = Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined));
    // A watch may be silent for longer than any answer; it has a deadline of its own.
    return new Agent({ connect, bodyTimeout: 0, headersTimeout: this.#answerMs });
  }
}
