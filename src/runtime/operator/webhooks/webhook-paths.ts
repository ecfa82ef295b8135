import { createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { auditTime, concatMap, defer, filter, interval, merge, Subject } from "rxjs";
import {
  SharedSecret,
  type SharedSecretOptions,
  type StoredSecret,
} from "../../../adapters/kubernetes/shared-secret.ts";
import { retryWithBackoff } from "../../../adapters/time/retry-with-backoff.ts";
import { formatWebhookPath, parseWebhookPath } from "../../../model/kubernetes/webhook-path.ts";
import type { WebhookConfigurations } from "./webhook-configurations.ts";

export interface WebhookPathsOptions extends SharedSecretOptions {
  readonly configurations: WebhookConfigurations;
}

const keyBytes = 32;

/** A path that the API server quoted to a user is accepted for at most two of these times. */
const renewalMs = 3_600_000;

/**
 * For how long an API server may call by a path that was replaced: its informer repeats a failed
 * watch after at most 60 seconds, and a request that began before takes at most 60 more by default
 * (`--request-timeout`). Longer than both, for API servers that are slow.
 */
const cachedMs = 300_000;

const checkMs = 15_000;

const maxMs = 2_000;
const gatherMs = 50;

/**
 * The secret paths by which only the API server can call the webhooks. Any replica creates the key
 * and ensures that the configurations have a path. The leader replaces the paths soon after it
 * begins to lead and then every hour, since the API server quotes a path to a user whose request it
 * could not send to an operator.
 *
 * Generations are counted, and one is replaced only after the leader itself has seen it for longer
 * than an API server may be behind. So an API server calls by the newest generation or by the one
 * before it, which each replica knows by the number, however often the leader changes and whatever
 * the clocks show.
 */
export class WebhookPaths implements Disposable {
  readonly #options: WebhookPathsOptions;
  readonly #secret: SharedSecret;
  readonly #renewals = new Subject<void>();
  readonly #subscription;
  #key: KeyObject | undefined;
  /** Keys before this one, and until when their paths are accepted. */
  #former: readonly { readonly key: KeyObject; readonly until: number }[] = [];
  /** The newest generation of paths, and since when this replica knows it, by the monotonic clock. */
  #newest = 0;
  #newestSince = 0;
  /** The oldest generation in a configuration, which differs if a write failed. */
  #oldestInUse = Infinity;
  /** The generation to write to the configurations, if it is newer than theirs. */
  #wanted = 0;
  /** The generation for configurations without paths. */
  #firstMemo: number | undefined;
  /** The age at which the leader replaces paths; undefined if this replica does not lead. */
  #maxAgeMs: number | undefined;

  constructor(options: WebhookPathsOptions) {
    this.#options = options;
    const { configurations, onTrouble } = options;
    this.#secret = new SharedSecret(options);
    const settle = defer(() => this.#settle()).pipe(
      retryWithBackoff({ onError: onTrouble, maxMs }),
    );
    this.#subscription = merge(this.#secret.changes, configurations.changes, this.#renewals)
      .pipe(
        auditTime(gatherMs),
        concatMap(() => settle),
      )
      .subscribe();
  }

  /** Whether there is a key, without which no path is accepted. */
  get known(): boolean {
    return this.#key !== undefined;
  }

  /** The endpoint that a path leads to; undefined if the API server was not given the path. */
  endpointOf(path: string): string | undefined {
    if (this.#key === undefined) return undefined;
    const now = performance.now();
    const former = this.#former.filter(({ until }) => now < until);
    // A generation that is newer than this replica's was made by another replica a moment ago.
    const oldest = Math.min(this.#newest - 1, this.#oldestInUse);
    for (const key of [this.#key, ...former.map(({ key }) => key)]) {
      const parsed = parseWebhookPath(key, path);
      if (parsed !== undefined && parsed.generation >= oldest) return parsed.endpoint;
    }
    return undefined;
  }

  /** Makes this replica the one that replaces the paths regularly. */
  lead(): void {
    this.#maxAgeMs = cachedMs;
    const due = interval(checkMs).pipe(filter(() => this.#isDue));
    this.#subscription.add(due.subscribe(() => this.#renewals.next()));
    this.#renewals.next();
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#secret[Symbol.dispose]();
  }

  async #settle(): Promise<void> {
    const { configurations } = this.#options;
    if (!this.#secret.synced) return;
    const key = keyIn(this.#secret.current);
    if (key === undefined) return this.#makeKey();
    this.#use(key);
    if (!configurations.synced) return;
    this.#readGenerations(key);
    if (this.#isDue) {
      this.#wanted = this.#newest + 1;
      this.#maxAgeMs = renewalMs;
    }
    await configurations.call((endpoint) => {
      // If a write conflicted, another replica may have written a newer generation.
      this.#readGenerations(key);
      const generation = Math.max(this.#newest, this.#wanted) || this.#first;
      return formatWebhookPath(key, { endpoint, generation });
    });
  }

  get #isDue(): boolean {
    if (this.#maxAgeMs === undefined || this.#newest === 0) return false;
    if (this.#wanted > this.#newest) return false;
    return performance.now() - this.#newestSince >= this.#maxAgeMs;
  }

  #use(key: KeyObject): void {
    if (this.#key?.equals(key) === true) return;
    const now = performance.now();
    const former = this.#former.filter(({ until }) => now < until);
    const before = this.#key === undefined ? [] : [{ key: this.#key, until: now + cachedMs }];
    this.#former = [...former, ...before];
    this.#key = key;
  }

  /** Reads the generations of the genuine paths in the configurations. */
  #readGenerations(key: KeyObject): void {
    const { paths } = this.#options.configurations;
    const generations = paths.flatMap((path) => parseWebhookPath(key, path)?.generation ?? []);
    this.#oldestInUse = Math.min(Infinity, ...generations);
    const newest = Math.max(0, ...generations);
    if (newest <= this.#newest) return;
    this.#newest = newest;
    this.#newestSince = performance.now();
  }

  /** The first generation, by the clock: more seconds have passed than generations were used. */
  get #first(): number {
    this.#firstMemo ??= Math.floor((this.#options.client.serverNow ?? Date.now()) / 1_000);
    return this.#firstMemo;
  }

  /** The watch reports the key that is stored, to this replica as to the others. */
  async #makeKey(): Promise<void> {
    await this.#secret.write(this.#secret.current, {
      data: { key: randomBytes(keyBytes).toString("base64") },
    });
  }
}

function keyIn(secret: StoredSecret | undefined): KeyObject | undefined {
  const bytes = Buffer.from(secret?.data?.["key"] ?? "", "base64");
  return bytes.length < keyBytes ? undefined : createSecretKey(bytes);
}
