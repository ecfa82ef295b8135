import type { KubeConfig } from "@kubernetes/client-node";

/** In milliseconds. Tokens are renewed much earlier than this before they end. */
const cacheMs = 10_000;

export type Headers = Readonly<Record<string, string>>;

/**
 * The headers that authenticate requests, cached for a short time: client-node would read files or
 * run a program, and create an agent, for each request.
 */
export class Credentials {
  readonly #config: KubeConfig;
  #cached: { readonly headers: Headers; readonly until: number } | undefined;

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  async headers(): Promise<Headers> {
    if (this.#cached !== undefined && performance.now() < this.#cached.until)
      return this.#cached.headers;
    const headers = await this.#read();
    this.#cached = { headers, until: performance.now() + cacheMs };
    return headers;
  }

  /** Drops the headers, since the server refused them. */
  refused(): void {
    this.#cached = undefined;
  }

  async #read(): Promise<Headers> {
    const options: { headers: Record<string, string>; auth?: string } = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    if (options.auth === undefined) return options.headers;
    const basic = Buffer.from(options.auth).toString("base64");
    return { ...options.headers, authorization: `Basic ${basic}` };
  }
}
