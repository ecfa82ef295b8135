import { BehaviorSubject, filter, firstValueFrom, Subject, type Observable } from "rxjs";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject } from "../../model/kube-object.ts";
import { watchResources, type ResourceEvent, type Wanted, type WatchOptions } from "./watch.ts";

export interface ViewOptions<T> extends WatchOptions {
  /** Keeps of an object what is needed of it. */
  readonly trim?: (object: KubeObject) => T;
}

/**
 * A collection of the API as it is known here: what a watch told so far. It is of one
 * moment of the server's, {@link version}, and a little behind it.
 */
export class View<T extends KubeObject> implements Disposable {
  readonly #objects = new Map<string, T>();
  readonly #changes = new Subject<void>();
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
  get changes(): Observable<void> {
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
    switch (event.type) {
      case "init":
        this.#told = new Set();
        return;
      case "apply":
        this.#put(event.object);
        break;
      case "delete":
        this.#objects.delete(keyOf(event.object));
        this.#deletions.next(this.#trim(event.object));
        this.#reached(event.object.metadata.resourceVersion);
        break;
      case "initDone":
        this.#dropUntold();
        this.#reached(event.resourceVersion);
        this.#synced.next(true);
        break;
      case "progress":
        this.#reached(event.resourceVersion);
        break;
    }
    if (this.#told === undefined) this.#changes.next();
  }

  #put(object: KubeObject): void {
    const key = keyOf(object);
    this.#objects.set(key, this.#trim(object));
    this.#told?.add(key);
    // A list is in no order: it is complete when it is done.
    if (this.#told === undefined) this.#reached(object.metadata.resourceVersion);
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

function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
