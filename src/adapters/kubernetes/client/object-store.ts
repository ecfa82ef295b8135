import { BehaviorSubject, filter, firstValueFrom, Subject, type Observable } from "rxjs";
import { objectKey, type KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { KubeClient } from "./kube-client.ts";
import type { ResourceEvent } from "./watch-state.ts";
import { watchResources, type Wanted, type WatchOptions } from "./watch.ts";

export interface ObjectStoreOptions<T> extends WatchOptions {
  /** Reduces an object to the part that is stored. */
  readonly trim?: (object: KubeObject) => T;
}

/** A change of a store. */
export type Change<T> =
  | {
      readonly type: "put" | "delete";
      readonly key: string;
      readonly object: T;
      readonly before?: T;
    }
  /** A list was read: every object may have changed. */
  | { readonly type: "all" }
  /** Only the version changed. */
  | { readonly type: "progress" };

/**
 * The objects of a collection of the API, kept up to date by a watch. They are consistent with
 * the server's {@link version}, which is a little behind the server.
 */
export class ObjectStore<T extends KubeObject> implements Disposable {
  readonly #objects = new Map<string, T>();
  readonly #changes = new Subject<Change<T>>();
  readonly #deletions = new Subject<T>();
  readonly #synced = new BehaviorSubject(false);
  readonly #subscription;
  readonly #trim: (object: KubeObject) => T;
  /** The keys in the list that is being read; objects with other keys were deleted. */
  #listed: Set<string> | undefined;
  #version = 0n;

  constructor(client: KubeClient, wanted: Wanted, options: ObjectStoreOptions<T> = {}) {
    this.#trim = options.trim ?? ((object) => object as T);
    this.#subscription = watchResources<KubeObject>(client, wanted, options).subscribe((event) =>
      this.#handle(event),
    );
  }

  /** By `namespace/name`. */
  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  /** Whether the first list was read. */
  get synced(): boolean {
    return this.#synced.value;
  }

  /** The version up to which the store is complete; versions of a server compare as numbers. */
  get version(): bigint {
    return this.#version;
  }

  /** Emits after each change, once the store is complete. */
  get changes(): Observable<Change<T>> {
    return this.#changes;
  }

  /** Emits each object that was deleted, in its last state. */
  get deletions(): Observable<T> {
    return this.#deletions;
  }

  /** Resolves when the first list was read. */
  async whenSynced(): Promise<void> {
    await firstValueFrom(this.#synced.pipe(filter(Boolean)), { defaultValue: false });
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#changes.complete();
    this.#deletions.complete();
    this.#synced.complete();
  }

  #handle(event: ResourceEvent<KubeObject>): void {
    if (event.type === "init") this.#listed = new Set();
    else {
      const change = this.#changeOf(event);
      if (this.#listed === undefined) this.#changes.next(change);
    }
  }

  #changeOf(event: Exclude<ResourceEvent<KubeObject>, { type: "init" }>): Change<T> {
    if (event.type === "apply") return this.#put(event.object);
    if (event.type === "delete") return this.#delete(event.object);
    if (event.type === "initDone") this.#dropUnlisted();
    this.#advance(event.resourceVersion);
    if (event.type === "progress") return { type: "progress" };
    this.#synced.next(true);
    return { type: "all" };
  }

  #put(given: KubeObject): Change<T> {
    const key = objectKey(given.metadata);
    const before = this.#objects.get(key);
    const object = this.#trim(given);
    this.#objects.set(key, object);
    this.#listed?.add(key);
    // A list is not ordered by version: the store is complete when the whole list was read.
    if (this.#listed === undefined) this.#advance(given.metadata.resourceVersion);
    return { type: "put", key, object, ...(before && { before }) };
  }

  #delete(given: KubeObject): Change<T> {
    const key = objectKey(given.metadata);
    const before = this.#objects.get(key);
    const object = this.#trim(given);
    this.#objects.delete(key);
    this.#deletions.next(object);
    this.#advance(given.metadata.resourceVersion);
    return { type: "delete", key, object, ...(before && { before }) };
  }

  #dropUnlisted(): void {
    for (const [key, object] of this.#objects) {
      if (this.#listed?.has(key) !== false) continue;
      this.#objects.delete(key);
      this.#deletions.next(object);
    }
    this.#listed = undefined;
  }

  #advance(version: string | undefined): void {
    if (version !== undefined && /^\d+$/.test(version)) this.#version = BigInt(version);
  }
}
