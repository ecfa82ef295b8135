import type { KubeConfig } from "@kubernetes/client-node";

/** A token is renewed long before it ends; milliseconds. */
const keptMs = 10_000;

export type Headers = Readonly<Record<string, string>>;

/**
 * The headers that tell the API server who asks, kept for a moment: client-node would read
 * files, or run a program, and make an agent, for each request.
 */
export class Credentials {
  readonly #config: KubeConfig;
  #kept: { readonly headers: Headers; readonly until: number } | undefined;

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  async headers(): Promise<Headers> {
    if (this.#kept !== undefined && performance.now() < this.#kept.until) return this.#kept.headers;
    const headers = await this.#made();
    this.#kept = { headers, until: performance.now() + keptMs };
    return headers;
  }

  /** The server would not have them. */
  refused(): void {
    this.#kept = undefined;
  }

  async #made(): Promise<Headers> {
    const options: { headers: Record<string, string>; auth?: string } = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    if (options.auth === undefined) return options.headers;
    const basic = Buffer.from(options.auth).toString("base64");
    return { ...options.headers, authorization: `Basic ${basic}` };
  }
}
