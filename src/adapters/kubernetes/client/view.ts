import { BehaviorSubject, filter, firstValueFrom, Subject, type Observable } from "rxjs";
import type { KubeClient } from "./kube-client.ts";
import { objectKey, type KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { ResourceEvent } from "./watch-state.ts";
import { watchResources, type Wanted, type WatchOptions } from "./watch.ts";

export interface ViewOptions<T> extends WatchOptions {
  /** Keeps of an object what is needed of it. */
  readonly trim?: (object: KubeObject) => T;
}

/** What happened to a view. */
export type Change<T> =
  | {
      readonly type: "put" | "delete";
      readonly key: string;
      readonly object: T;
      readonly before?: T;
    }
  /** A list was read anew: anything may be different. */
  | { readonly type: "all" }
  /** Only the version is another. */
  | { readonly type: "progress" };

/**
 * A collection of the API as it is known here: what a watch told so far. It is of one
 * moment of the server's, {@link version}, and a little behind it.
 */
export class View<T extends KubeObject> implements Disposable {
  readonly #objects = new Map<string, T>();
  readonly #changes = new Subject<Change<T>>();
  readonly #deletions = new Subject<T>();
  readonly #synced = new BehaviorSubject(false);
  readonly #subscription;
  readonly #trim: (object: KubeObject) => T;
  /** Keys told since `init`: those that are not among them are gone. */
  #told: Set<string> | undefined;
  #version = 0n;

  constructor(client: KubeClient, wanted: Wanted, options: ViewOptions<T> = {}) {
    this.#trim = options.trim ?? ((object) => object as T);
    this.#subscription = watchResources<KubeObject>(client, wanted, options).subscribe((event) =>
      this.#take(event),
    );
  }

  /** By `namespace/name`. */
  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  get synced(): boolean {
    return this.#synced.value;
  }

  /** Up to where the view is complete; versions of a server compare as numbers. */
  get version(): bigint {
    return this.#version;
  }

  /** Emits after each change, once the view is complete. */
  get changes(): Observable<Change<T>> {
    return this.#changes;
  }

  /** Emits each object that was there and is deleted, as it was at its end. */
  get deletions(): Observable<T> {
    return this.#deletions;
  }

  /** Resolves when the first list is in. */
  async whenSynced(): Promise<void> {
    await firstValueFrom(this.#synced.pipe(filter(Boolean)), { defaultValue: false });
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
    this.#changes.complete();
    this.#deletions.complete();
    this.#synced.complete();
  }

  #take(event: ResourceEvent<KubeObject>): void {
    if (event.type === "init") this.#told = new Set();
    else {
      const change = this.#changeOf(event);
      if (this.#told === undefined) this.#changes.next(change);
    }
  }

  #changeOf(event: Exclude<ResourceEvent<KubeObject>, { type: "init" }>): Change<T> {
    if (event.type === "apply") return this.#put(event.object);
    if (event.type === "delete") return this.#delete(event.object);
    if (event.type === "initDone") this.#dropUntold();
    this.#reached(event.resourceVersion);
    if (event.type === "progress") return { type: "progress" };
    this.#synced.next(true);
    return { type: "all" };
  }

  #put(given: KubeObject): Change<T> {
    const key = objectKey(given.metadata);
    const before = this.#objects.get(key);
    const object = this.#trim(given);
    this.#objects.set(key, object);
    this.#told?.add(key);
    // A list is in no order: it is complete when it is done.
    if (this.#told === undefined) this.#reached(given.metadata.resourceVersion);
    return { type: "put", key, object, ...(before && { before }) };
  }

  #delete(given: KubeObject): Change<T> {
    const key = objectKey(given.metadata);
    const before = this.#objects.get(key);
    const object = this.#trim(given);
    this.#objects.delete(key);
    this.#deletions.next(object);
    this.#reached(given.metadata.resourceVersion);
    return { type: "delete", key, object, ...(before && { before }) };
  }

  #dropUntold(): void {
    for (const [key, object] of this.#objects) {
      if (this.#told?.has(key) !== false) continue;
      this.#objects.delete(key);
      this.#deletions.next(object);
    }
    this.#told = undefined;
  }

  #reached(version: string | undefined): void {
    if (version !== undefined && /^\d+$/.test(version)) this.#version = BigInt(version);
  }
}
