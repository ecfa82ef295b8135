import { Observable } from "rxjs";
import { backoffMs } from "../../../model/time/backoff.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { eventIn } from "./api-answer.ts";
import type { KubeClient, Selector } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { linesOf } from "./lines.ts";
import { wordsFor, type ObjectPlace, type ResourceType } from "./resource-type.ts";
import { watchRequest } from "./watch-request.ts";
import {
  fromNow,
  initialState,
  next,
  type ResourceEvent,
  type WatchInput,
  type WatchState,
} from "./watch-state.ts";

/** The objects to watch. */
export interface Wanted extends Selector, Pick<ObjectPlace, "namespace"> {
  readonly type: ResourceType;
  /** One object alone, for which the right to list the others is not needed. */
  readonly name?: string | undefined;
}

export interface WatchOptions {
  /** Receives every failure; the watch continues by itself. */
  readonly onTrouble?: (error: KubeError) => void;
}

/** client-go's backoff with a shorter maximum, so that a server that is back is soon reached. */
const backoff = { firstMs: 800, maxMs: 10_000 };

/** The longest event, in characters. etcd stores no object above 1.5 MiB, which is longer as JSON. */
const maxLineLength = 16 * 2 ** 20;

/**
 * Lists a collection and watches it from there, without end. A watch that ends is resumed; if
 * its version expired, everything is listed again.
 */
export function watchResources<T extends KubeObject>(
  client: KubeClient,
  wanted: Wanted,
  options: WatchOptions = {},
): Observable<ResourceEvent<T>> {
  return new Observable((subscriber) => {
    const ending = new AbortController();
    const loop = new WatchLoop<T>(client, wanted, options, (event) => subscriber.next(event));
    void loop.run(ending.signal);
    return () => ending.abort();
  });
}

/** Sends the requests that the state requires, and passes their results to it. */
class WatchLoop<T extends KubeObject> {
  readonly #client: KubeClient;
  readonly #wanted: Wanted;
  readonly #options: WatchOptions;
  readonly #emit: (event: ResourceEvent<T>) => void;
  readonly #op: string;
  #state: WatchState;

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
    this.#op = `watch ${wordsFor(wanted.type, {})}`;
    this.#state = initialState(wanted.name !== undefined);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const beganAt = performance.now();
      try {
        if (this.#state.type === "listing") this.#next(await this.#list());
        await this.#watch(signal);
        this.#next({ type: "ended", afterMs: performance.now() - beganAt });
      } catch (cause) {
        if (signal.aborted) return;
        const error = this.#errorOf(cause);
        this.#next({ type: "failed", error });
        this.#options.onTrouble?.(error);
      }
      const { failures } = this.#state;
      if (failures > 0) await pause(backoffMs(failures, backoff), signal);
    }
  }

  #next(input: WatchInput<T>): void {
    const { state, events } = next(this.#state, input);
    this.#state = state;
    for (const event of events) this.#emit(event);
  }

  async #list(): Promise<WatchInput<T>> {
    const { type, namespace, name, ...selector } = this.#wanted;
    const objects: T[] = [];
    if (name === undefined) {
      const add = (object: KubeObject) => objects.push(object as T);
      const version = await this.#client.list(type, { namespace }, selector, add);
      return { type: "listed", objects, version };
    }
    try {
      const object = await this.#client.get<T>(type, { namespace, name });
      const version = object.metadata.resourceVersion ?? fromNow;
      return { type: "listed", objects: [object], version };
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== "not-found") throw error;
      // A watch from now on begins with the object, if it was created in between.
      return { type: "listed", objects, version: fromNow };
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const state = this.#state;
    if (state.type === "listing") return;
    const { type, namespace, name, ...given } = this.#wanted;
    const selector = name === undefined ? given : { fieldSelector: `metadata.name=${name}` };
    const { silenceMs, ...request } = watchRequest(state, Math.random());
    const parameters = Object.entries(request).map(([key, value]) => [key, String(value)]);
    // One controller with a listener that is removed: AbortSignal.any would keep a part of each
    // watch in memory for as long as the collection is watched.
    const ending = new AbortController();
    const end = () => ending.abort(signal.reason);
    const dead = () => ending.abort(new Error(`no event for ${silenceMs / 1_000} s`));
    signal.throwIfAborted();
    signal.addEventListener("abort", end);
    let timer = setTimeout(dead, silenceMs);
    try {
      const since = Object.fromEntries(parameters) as Record<string, string>;
      const body = await this.#client.openWatch(
        type,
        { namespace },
        selector,
        since,
        ending.signal,
      );
      // An object that is read after its watch began has every change from before.
      if (state.type === "rereading") this.#next(await this.#list());
      for await (const line of linesOf(body, maxLineLength)) {
        clearTimeout(timer);
        timer = setTimeout(dead, silenceMs);
        this.#next({ type: "event", event: eventIn<T>(this.#op, line) });
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      // A body that is not read to its end would keep its connection open.
      ending.abort(new Error("the watch has ended"));
    }
  }

  #errorOf(cause: unknown): KubeError {
    if (cause instanceof KubeError) return cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    return new KubeError(this.#op, "unavailable", 0, message, cause);
  }
}

/** Resolves after this many milliseconds, or as soon as the signal is aborted. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, milliseconds);
  signal.addEventListener("abort", end);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
}
