import { randomBytes } from "node:crypto";
import { BehaviorSubject, concatMap, defer, filter, firstValueFrom, type Observable } from "rxjs";
import { label, manager } from "../../model/kubernetes/labels.ts";
import {
  parseSegmentKey,
  segmentKeyLength,
  type SegmentKey,
} from "../../model/network/segment-key.ts";
import { retryWithBackoff } from "../time/retry-with-backoff.ts";
import { resourceTypes, wordsFor } from "./client/resource-type.ts";
import { SharedSecret, type SharedSecretOptions, type StoredSecret } from "./shared-secret.ts";

/** The Secret, in the operator's namespace, and the key of its data. */
export const clusterKeySecret = "ipman-keys";
const dataKey = "segment";

/** The namespace is the operator's. */
export interface ClusterKeyOptions extends Omit<SharedSecretOptions, "secretName" | "owner"> {
  /** Whether this process creates the Secret if it does not exist. */
  readonly creates: boolean;
}

/** A key with the text that is stored. */
interface StoredKey {
  readonly key: SegmentKey;
  readonly text: string;
}

const absent = "it does not exist yet; the operator creates it";

const maxMs = 10_000;

/**
 * The segment key of a cluster, in a Secret that every operator replica may create and every agent
 * reads by name. The first value that is read is used until the process ends: a deleted Secret is
 * created again from it, and a changed one is reported.
 *
 * The Secret has no owner: workers that outlive an uninstallation have MAC addresses and
 * reservations that are derived from it.
 */
export class ClusterKey implements Disposable {
  readonly #options: ClusterKeyOptions;
  readonly #secret: SharedSecret;
  readonly #current = new BehaviorSubject<SegmentKey | undefined>(undefined);
  /** The value that the Secret has, which may be another than the one that is used. */
  readonly #stored = new BehaviorSubject<SegmentKey | undefined>(undefined);
  readonly #subscription;
  #held: StoredKey | undefined;
  #problem = absent;
  /** The version of the Secret that was reported last, or `absent`. */
  #reported: string | undefined;

  constructor(options: ClusterKeyOptions) {
    this.#options = options;
    const onTrouble = (error: unknown) => {
      if (this.#held === undefined)
        this.#problem = error instanceof Error ? error.message : String(error);
      options.onTrouble(error);
    };
    const place = { secretName: clusterKeySecret, owner: undefined };
    this.#secret = new SharedSecret({ ...options, ...place, onTrouble });
    const settle = defer(() => this.#settle()).pipe(
      retryWithBackoff({ onError: onTrouble, maxMs }),
    );
    this.#subscription = this.#secret.changes.pipe(concatMap(() => settle)).subscribe();
  }

  /** Undefined until the key was read. */
  get current(): SegmentKey | undefined {
    return this.#current.value;
  }

  /** Emits the key as soon as it was read. */
  get changes() {
    return this.#current.asObservable();
  }

  /**
   * Emits the key that the Secret has, also after it was replaced: what is valid for moments only, such
   * as beats, follows it, so that processes that read different values understand each other.
   */
  get stored(): Observable<SegmentKey> {
    return this.#stored.pipe(filter((key) => key !== undefined));
  }

  /** Why the key was not read yet. */
  get problem(): string {
    return `${this.#words}: ${this.#problem}`;
  }

  /** Resolves when the key was read, without a deadline; rejects when this is disposed of. */
  whenRead(): Promise<SegmentKey> {
    return firstValueFrom(this.#current.pipe(filter((key) => key !== undefined)));
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#secret[Symbol.dispose]();
    this.#current.complete();
    this.#stored.complete();
  }

  get #words(): string {
    const { namespace } = this.#options;
    return wordsFor(resourceTypes.Secret, { namespace, name: clusterKeySecret });
  }

  async #settle(): Promise<void> {
    const secret = this.#secret.current;
    if (secret !== undefined) this.#use(secret);
    else if (this.#options.creates) await this.#create();
    else if (this.#held === undefined) this.#reportOnce("absent", absent);
  }

  #use({ data = {}, metadata }: StoredSecret): void {
    const text = data[dataKey] ?? "";
    const key = parseSegmentKey(text);
    if (key !== undefined) this.#stored.next(key);
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
        : "this process continues with the key that it read; delete the Secret, and the operator restores it";
    this.#reportOnce(version, `${what}; ${wayOut}`);
  }

  #reportOnce(what: string | undefined, problem: string): void {
    if (what !== undefined && what === this.#reported) return;
    this.#reported = what;
    this.#problem = problem;
    this.#options.onTrouble(new Error(this.problem));
  }

  /** The watch reports the Secret, even if another replica created it first. */
  async #create(): Promise<void> {
    const text = this.#held?.text ?? randomBytes(segmentKeyLength).toString("base64");
    const labels = { [label.managedBy]: manager };
    await this.#secret.write(undefined, { data: { [dataKey]: text }, labels, immutable: true });
  }
}
