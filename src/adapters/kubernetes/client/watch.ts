import { Observable } from "rxjs";
import type { KubeClient, Selector } from "./kube-client.ts";
import { eventIn, type WatchEvent } from "./api-answer.ts";
import { kubeError, KubeError } from "./kube-error.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { wordsFor, type ObjectPlace, type ResourceType } from "./resource-type.ts";

/** What happens in a collection. Between `init` and `initDone` everything that is there is told. */
export type ResourceEvent<T> =
  | { readonly type: "init" }
  | { readonly type: "initDone"; readonly resourceVersion: string }
  | { readonly type: "apply"; readonly object: T }
  | { readonly type: "delete"; readonly object: T }
  /** Nothing happened up to this version. */
  | { readonly type: "progress"; readonly resourceVersion: string };

/** Which objects are watched. */
export interface Wanted extends Selector, Pick<ObjectPlace, "namespace"> {
  readonly type: ResourceType;
  /** One object alone: it takes no right to list the others. */
  readonly name?: string | undefined;
}

export interface WatchOptions {
  /** Told of every failure; the watch goes on by itself. */
  readonly onTrouble?: (error: KubeError) => void;
}

/** client-go's, but for the most: whoever waits for a server that is back waits no longer. */
const leastBackoffMs = 800;
const mostBackoffMs = 10_000;

/** The server ends a watch after this many seconds to these times two, so that not all end at once. */
const watchSeconds = 240;

/** As long as no bookmark came: from an older etcd there are none, and silence says nothing. */
const unmarkedSeconds = 90;

/** Of one for an object that is not there, which hears nothing until it is. */
const absentSeconds = 40;

/** A watch from this version begins with what is there; it has no bookmarks. */
const fromNow = "0";

/** Of one event. etcd takes no object above 1.5 MiB, which is more than that as JSON. */
const mostLineLength = 16 * 2 ** 20;

/** Bookmarks come about once a minute: one that is silent for longer is dead. */
const markedSilenceMs = 100_000;

/**
 * A collection, for ever: listed, then watched from where the list ended. A watch that ends
 * is resumed; where the server no longer knows that place, all is listed anew.
 */
export function watchResources<T extends KubeObject>(
  client: KubeClient,
  wanted: Wanted,
  options: WatchOptions = {},
): Observable<ResourceEvent<T>> {
  return new Observable((subscriber) => {
    const ending = new AbortController();
    const follower = new WatchLoop<T>(client, wanted, options, (event) => subscriber.next(event));
    void follower.run(ending.signal);
    return () => ending.abort();
  });
}

class WatchLoop<T extends KubeObject> {
  readonly #client: KubeClient;
  readonly #wanted: Wanted;
  readonly #options: WatchOptions;
  readonly #emit: (event: ResourceEvent<T>) => void;
  /** Up to where everything was told; undefined before the first list, and after a 410. */
  #version: string | undefined;
  /**
   * The version of one object alone that the server does not know any more, since nobody
   * has changed it for long: a list would give it again.
   */
  #forgotten: string | undefined;
  #failures = 0;
  /** Whether the server has told nothing since it last forgot where we were. */
  #expired = false;
  /** Whether this server sends bookmarks. */
  #marked = false;

  constructor(
    client: KubeClient,
    wanted: Wanted,
    options: WatchOptions,
    emit: (event: ResourceEvent<T>) => void,
  ) {
    this.#client = client;
    this.#wanted = wanted;
    this.#options = options;
    this.#emit = emit;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const started = performance.now();
      try {
        if (this.#version === undefined) await this.#list();
        await this.#watch(signal);
        // Some servers close a watch at once that they do not like, with a 200.
        if (performance.now() - started < 1_000) this.#failures++;
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
      }
      await this.#rest(signal);
    }
  }

  async #list(): Promise<void> {
    const found: T[] = [];
    const version = await this.#find((object) => found.push(object));
    this.#emit({ type: "init" });
    for (const object of found) this.#emit({ type: "apply", object });
    this.#version = version;
    this.#emit({ type: "initDone", resourceVersion: version });
  }

  /** Everything that is there now; gives the version to watch from. */
  async #find(each: (object: T) => void): Promise<string> {
    const { type, namespace, name, ...selector } = this.#wanted;
    if (name === undefined) {
      return this.#client.list(type, { namespace }, selector, (object) => each(object as T));
    }
    try {
      const object = await this.#client.get<T>(type, { namespace, name });
      each(object);
      return object.metadata.resourceVersion ?? fromNow;
    } catch (error) {
      // A watch from there begins with what came to be meanwhile.
      if (error instanceof KubeError && error.code === "not-found") return fromNow;
      throw error;
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { type, namespace, name, ...given } = this.#wanted;
    const selector = name === undefined ? given : { fieldSelector: `metadata.name=${name}` };
    // With bookmarks the server would take it for a list, which takes an etcd of its liking.
    const absent = this.#version === fromNow;
    const forgotten = this.#version === this.#forgotten;
    const marked = this.#marked && !absent && !forgotten;
    const most = absent ? absentSeconds : marked ? watchSeconds : unmarkedSeconds;
    const seconds = Math.round(most * (1 + Math.random()));
    const silenceMs = marked ? markedSilenceMs : (seconds + 30) * 1_000;
    // One signal for both, whose listener is removed: AbortSignal.any would keep something of
    // each watch for as long as the collection is watched.
    const ending = new AbortController();
    const end = () => ending.abort(signal.reason);
    const dead = () => ending.abort(new Error(`nothing heard for ${silenceMs / 1000} s`));
    signal.throwIfAborted();
    signal.addEventListener("abort", end);
    let timer = setTimeout(dead, silenceMs);
    const since = {
      allowWatchBookmarks: String(!absent && !forgotten),
      resourceVersion: forgotten ? fromNow : this.#version,
      timeoutSeconds: String(seconds),
    };
    try {
      const place = { namespace };
      const body = await this.#client.openWatch(type, place, selector, since, ending.signal);
      // What happened to it before this watch began is in nothing that was told.
      if (forgotten) await this.#list();
      for await (const line of linesOf(body)) {
        clearTimeout(timer);
        timer = setTimeout(dead, silenceMs);
        this.#take(eventIn<T>(this.#op, line), forgotten);
        this.#failures = 0;
        this.#expired = false;
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      // An answer that is not read to its end would keep its connection.
      ending.abort(new Error("the watch has ended"));
    }
  }

  get #op(): string {
    return `watch ${wordsFor(this.#wanted.type, {})}`;
  }

  #take({ type, object }: WatchEvent<T>, afterList: boolean): void {
    if (type === "ERROR") throw kubeError(this.#op, object.code ?? 500, object);
    const { resourceVersion } = object.metadata;
    if (afterList && !isNewer(resourceVersion, this.#version)) return;
    if (type === "BOOKMARK") {
      this.#marked = true;
      this.#emit({ type: "progress", resourceVersion: resourceVersion ?? "" });
    } else {
      this.#emit({ type: type === "DELETED" ? "delete" : "apply", object });
    }
    this.#version = resourceVersion;
  }

  #failed(error: unknown): void {
    const { message } = error as Error;
    const told =
      error instanceof KubeError
        ? error
        : new KubeError(this.#op, "unavailable", 0, message, error);
    // That the server forgets is no failure of its own, unless it does so again and again.
    if (told.code !== "expired" || this.#expired) this.#failures++;
    if (told.code === "expired") {
      this.#expired = true;
      if (this.#wanted.name === undefined) this.#version = undefined;
      else this.#forgotten = this.#version;
    }
    this.#options.onTrouble?.(told);
  }

  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#failures === 0) return;
    const doubled = leastBackoffMs * 2 ** Math.min(this.#failures - 1, 16);
    const bound = Math.min(mostBackoffMs, doubled);
    await pause(bound * (0.5 + Math.random() / 2), signal);
  }
}

/** Resolves after so many milliseconds, or when nobody waits any more. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, milliseconds);
  signal.addEventListener("abort", end);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
}

/** Versions of a server compare as numbers. */
function isNewer(version: string | undefined, than: string | undefined): boolean {
  return BigInt(version ?? 0) > BigInt(than ?? 0);
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    if (rest.length > mostLineLength) throw new Error(`a line is longer than ${mostLineLength}`);
    for (const line of lines) if (line !== "") yield line;
  }
}
