import { randomBytes } from "node:crypto";
import { BehaviorSubject, concatMap, defer, filter, firstValueFrom, retry, timer } from "rxjs";
import type { KubeObject } from "../../model/kube-object.ts";
import { label, manager } from "../../model/labels.ts";
import { parseSegmentKey, segmentKeyLength, type SegmentKey } from "../../model/segment-key.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { resourceTypes, wordsFor } from "./resource-type.ts";
import { View } from "./view.ts";

/** The Secret, in the operator's namespace, and the key of its data. */
export const clusterKeySecret = "ipman-keys";
const dataKey = "segment";

export interface ClusterKeyOptions {
  readonly client: KubeClient;
  /** The operator's. */
  readonly namespace: string;
  /** Whether this process creates the Secret where there is none. */
  readonly creates: boolean;
  readonly onTrouble: (error: unknown) => void;
}

type Secret = KubeObject & {
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
};

/** A key with the text by which it is stored. */
interface Held {
  readonly key: SegmentKey;
  readonly text: string;
}

const absent = "it is not there yet; the operator creates it";

const leastBackoffMs = 500;
const mostBackoffMs = 10_000;

/**
 * The segment key of a cluster, in a Secret that every operator replica may create and every
 * agent reads by its name. The first value that is read is used until the process ends: a
 * Secret that is deleted is created again from it, one that is changed is reported.
 *
 * The Secret has no owner: workers that outlive an uninstallation have MAC addresses and
 * reservations that follow from it.
 */
export class ClusterKey implements Disposable {
  readonly #options: ClusterKeyOptions;
  readonly #view: View<Secret>;
  readonly #current = new BehaviorSubject<SegmentKey | undefined>(undefined);
  readonly #subscription;
  #held: Held | undefined;
  #problem = absent;
  /** The version of the Secret that was reported last, or that it is absent. */
  #reported: string | undefined;

  constructor(options: ClusterKeyOptions) {
    this.#options = options;
    const { client, namespace } = options;
    const onTrouble = (error: KubeError) => {
      if (this.#held === undefined) this.#problem = error.message;
      options.onTrouble(error);
    };
    const wanted = { type: resourceTypes.Secret, namespace, name: clusterKeySecret };
    this.#view = new View<Secret>(client, wanted, { onTrouble });
    const again = (error: KubeError, attempt: number) => {
      onTrouble(error);
      return timer(Math.min(leastBackoffMs * 2 ** (attempt - 1), mostBackoffMs));
    };
    this.#subscription = this.#view.changes
      .pipe(concatMap(() => defer(() => this.#settle()).pipe(retry({ delay: again }))))
      .subscribe();
  }

  /** Undefined until it was read. */
  get current(): SegmentKey | undefined {
    return this.#current.value;
  }

  /** Emits the key, now or once it was read. */
  get changes() {
    return this.#current.asObservable();
  }

  /** Why there is no key yet. */
  get problem(): string {
    return `${this.#words}: ${this.#problem}`;
  }

  /** Resolves once the key was read, however long that takes; rejects when this is disposed of. */
  whenRead(): Promise<SegmentKey> {
    return firstValueFrom(this.#current.pipe(filter((key) => key !== undefined)));
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#view[Symbol.dispose]();
    this.#current.complete();
  }

  get #words(): string {
    const { namespace } = this.#options;
    return wordsFor(resourceTypes.Secret, { namespace, name: clusterKeySecret });
  }

  async #settle(): Promise<void> {
    const [secret] = this.#view.objects.values();
    if (secret !== undefined) this.#take(secret);
    else if (this.#options.creates) await this.#create();
    else if (this.#held === undefined) this.#reportOnce("absent", absent);
  }

  #take({ data = {}, metadata }: Secret): void {
    const text = data[dataKey] ?? "";
    const key = parseSegmentKey(text);
    if (key !== undefined && this.#held === undefined) {
      this.#held = { key, text };
      this.#current.next(key);
    } else if (key === undefined || this.#held?.key.equals(key) === false) {
      this.#report(metadata.resourceVersion, key === undefined);
    }
  }

  #report(version: string | undefined, malformed: boolean): void {
    const what = malformed
      ? `data.${dataKey} is not the base64 of ${segmentKeyLength} bytes`
      : `data.${dataKey} is not the key that this process read when it started`;
    const wayOut =
      this.#held === undefined
        ? "delete the Secret, and the operator creates another"
        : "this process goes on with the key that it read; delete the Secret, and the operator restores it";
    this.#reportOnce(version, `${what}; ${wayOut}`);
  }

  #reportOnce(what: string | undefined, problem: string): void {
    if (what !== undefined && what === this.#reported) return;
    this.#reported = what;
    this.#problem = problem;
    this.#options.onTrouble(new Error(this.problem));
  }

  async #create(): Promise<void> {
    const { client, namespace } = this.#options;
    const text = this.#held?.text ?? randomBytes(segmentKeyLength).toString("base64");
    const secret: Secret & { readonly type: string } = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: clusterKeySecret, namespace, labels: { [label.managedBy]: manager } },
      type: "Opaque",
      immutable: true,
      data: { [dataKey]: text },
    };
    try {
      await client.create(resourceTypes.Secret, secret);
    } catch (error) {
      // Another replica was first: the view reports its Secret.
      if (!(error instanceof KubeError) || error.code !== "exists") throw error;
    }
  }
}
