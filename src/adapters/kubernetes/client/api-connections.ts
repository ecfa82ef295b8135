import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher } from "undici";

/** What Node says of a certificate that no authority vouches for of those it was given. */
const distrust: ReadonlySet<unknown> = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
]);

/**
 * The connections to the API server. Made once: client-node would make one for each request,
 * with a handshake each. Made anew where the server's certificate is not trusted any more,
 * since the cluster may have another authority by now.
 */
export class ApiConnections implements AsyncDisposable {
  readonly #config: KubeConfig;
  readonly #answerMs: number;
  #made: Promise<Dispatcher> | undefined;

  /** @param answerMs the longest that an answer may take to begin */
  constructor(config: KubeConfig, answerMs: number) {
    this.#config = config;
    this.#answerMs = answerMs;
  }

  async dispatcher(): Promise<Dispatcher> {
    const made = (this.#made ??= this.#make());
    try {
      return await made;
    } catch (error) {
      this.#forget(made);
      throw error;
    }
  }

  /** Told why a request had no answer. Those that are under way end as they may. */
  failed(cause: unknown): void {
    const made = this.#made;
    if (made === undefined || !distrust.has((cause as { code?: unknown }).code)) return;
    this.#forget(made);
    // What cannot be closed was destroyed with the client.
    made.then((old) => old.close()).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#made)?.destroy();
  }

  #forget(made: Promise<Dispatcher>): void {
    if (this.#made === made) this.#made = undefined;
  }

  async #make(): Promise<Dispatcher> {
    const tls: Record<string, unknown> = {};
    await this.#config.applyToHTTPSOptions(tls);
    const { ca, cert, key, rejectUnauthorized, servername } = tls;
    const given = { ca, cert, key, rejectUnauthorized, servername };
    const connect = Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined));
    // A watch may rest for longer than any answer: it has a deadline of its own.
    return new Agent({ connect, bodyTimeout: 0, headersTimeout: this.#answerMs });
  }
}
