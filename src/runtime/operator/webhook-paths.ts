import { randomBytes } from "node:crypto";
import { auditTime, concatMap, defer, interval, merge, retry, Subject, timer } from "rxjs";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { KubeError } from "../../adapters/kubernetes/kube-error.ts";
import { resourceTypes } from "../../adapters/kubernetes/resource-type.ts";
import { View } from "../../adapters/kubernetes/view.ts";
import type { KubeObject, OwnerReference } from "../../model/kube-object.ts";
import { formatWebhookPath, parseWebhookPath } from "../../model/webhook-path.ts";
import type { WebhookConfigurations } from "./webhook-configurations.ts";

export interface WebhookPathsOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The Secret with the key, which all replicas share. */
  readonly secretName: string;
  readonly configurations: WebhookConfigurations;
  /** The Secret is deleted with it. */
  readonly owner: OwnerReference | undefined;
  readonly onTrouble: (error: unknown) => void;
}

const keyBytes = 32;

/** A path that the API server quoted to a user is of use for two of these at most. */
const renewMs = 3_600_000;

/** After the key's Secret was replaced, for how long paths of the key before are accepted. */
const formerKeyMs = 60_000;

const againMs = 2_000;
const gatherMs = 50;

type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/**
 * The secret paths by which the API server calls the webhooks, and nothing else can. Any replica
 * makes the key and sees to it that the configurations have a path; the leader replaces the
 * paths when it begins to lead and every hour, since the API server quotes a path to the user
 * whose request it could not send to an operator.
 */
export class WebhookPaths implements Disposable {
  readonly #options: WebhookPathsOptions;
  readonly #secret: View<Secret>;
  readonly #renewals = new Subject<void>();
  readonly #subscription;
  #key: Buffer | undefined;
  #former: { readonly key: Buffer; readonly until: number } | undefined;
  /** The newest generation of paths, and the one before it, which is accepted as well. */
  #newest = 0;
  #before = 0;
  /** That of the oldest path in a configuration, which may be one that could not be written. */
  #oldestInUse = Infinity;
  /** The generation that is to be in the configurations, where it is newer. */
  #wanted = 0;
  /** Whether the paths are to be replaced. */
  #isDue = false;

  constructor(options: WebhookPathsOptions) {
    this.#options = options;
    const { client, namespace, secretName: name, configurations, onTrouble } = options;
    const wanted = { type: resourceTypes.Secret, namespace, name };
    this.#secret = new View<Secret>(client, wanted, { onTrouble });
    const again = (error: unknown) => {
      onTrouble(error);
      return timer(againMs);
    };
    this.#subscription = merge(this.#secret.changes, configurations.changes, this.#renewals)
      .pipe(
        auditTime(gatherMs),
        concatMap(() => defer(() => this.#settle()).pipe(retry({ delay: again }))),
      )
      .subscribe();
  }

  /** Whether there is a key, without which no path is accepted. */
  get known(): boolean {
    return this.#key !== undefined;
  }

  /** The endpoint that a path leads to; undefined where the API server was not given the path. */
  endpointOf(path: string): string | undefined {
    const { key: formerKey, until = 0 } = this.#former ?? {};
    const keys = [this.#key, performance.now() < until ? formerKey : undefined];
    for (const key of keys) {
      const parsed = key && parseWebhookPath(key, path);
      // A newer one than is known here was made by another replica a moment ago.
      const oldest = Math.min(this.#before, this.#oldestInUse);
      if (parsed !== undefined && parsed.generation >= oldest) return parsed.endpoint;
    }
    return undefined;
  }

  /** Replaces the paths, now and from time to time: of the replicas, the leader does. */
  lead(): void {
    const renew = () => {
      this.#isDue = true;
      this.#renewals.next();
    };
    this.#subscription.add(interval(renewMs).subscribe(renew));
    renew();
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#secret[Symbol.dispose]();
  }

  async #settle(): Promise<void> {
    const { configurations } = this.#options;
    if (!this.#secret.synced) return;
    const [secret] = this.#secret.objects.values();
    const key = keyIn(secret);
    // The view reports what is written, to this replica as to the others.
    if (key === undefined) return this.#write(secret);
    this.#use(key);
    if (!configurations.synced) return;
    this.#see(configurations.paths.map((path) => parseWebhookPath(key, path)?.generation ?? 0));
    if (this.#newest === 0 || this.#isDue) this.#wanted = this.#next();
    this.#isDue = false;
    const generation = Math.max(this.#newest, this.#wanted);
    await configurations.call((endpoint) => formatWebhookPath(key, { endpoint, generation }));
  }

  #use(key: Buffer): void {
    if (this.#key?.equals(key) === true) return;
    if (this.#key !== undefined)
      this.#former = { key: this.#key, until: performance.now() + formerKeyMs };
    this.#key = key;
  }

  /** Takes the generations of the paths in the configurations; 0 for a path that is not genuine. */
  #see(found: readonly number[]): void {
    const generations = found.filter((generation) => generation > 0).toSorted((a, b) => a - b);
    this.#oldestInUse = generations[0] ?? Infinity;
    for (const generation of generations) {
      if (generation <= this.#newest) continue;
      this.#before = this.#newest === 0 ? generation : this.#newest;
      this.#newest = generation;
    }
  }

  /** The clock makes it larger than what another replica, or a former operator, knew. */
  #next(): number {
    return Math.max(this.#newest + 1, Math.floor(Date.now() / 1_000));
  }

  async #write(secret: Secret | undefined): Promise<void> {
    const { client, namespace, secretName: name, owner } = this.#options;
    const owned = owner === undefined ? {} : { ownerReferences: [owner] };
    const object: Secret & { readonly type: string } = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: secret?.metadata ?? { name, namespace, ...owned },
      type: "Opaque",
      data: { key: randomBytes(keyBytes).toString("base64") },
    };
    try {
      if (secret === undefined) await client.create(resourceTypes.Secret, object);
      else await client.replace(resourceTypes.Secret, object);
    } catch (error) {
      // Another replica was first.
      if (!(error instanceof KubeError) || !["conflict", "exists"].includes(error.code))
        throw error;
    }
  }
}

function keyIn(secret: Secret | undefined): Buffer | undefined {
  const key = Buffer.from(secret?.data?.["key"] ?? "", "base64");
  return key.length < keyBytes ? undefined : key;
}
