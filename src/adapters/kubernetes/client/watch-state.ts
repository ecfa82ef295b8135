import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { WatchEvent } from "./api-answer.ts";
import type { KubeError } from "./kube-error.ts";

/** A change of a watched collection. All objects are emitted between `init` and `initDone`. */
export type ResourceEvent<T> =
  | { readonly type: "init" }
  | { readonly type: "initDone"; readonly resourceVersion: string }
  | { readonly type: "apply"; readonly object: T }
  | { readonly type: "delete"; readonly object: T }
  /** Nothing changed up to this version. */
  | { readonly type: "progress"; readonly resourceVersion: string };

interface WatchProgress {
  /** Whether one object alone is watched: it is read by `get` instead of a list. */
  readonly single: boolean;
  /** Failures since the last event of the server, which determine the backoff. */
  readonly failures: number;
  /** Whether a version expired since the last event of the server. */
  readonly expired: boolean;
  /** Whether the server sends bookmarks. */
  readonly bookmarks: boolean;
}

/** Nothing was listed yet, or a version expired: the collection is listed next. */
interface Listing extends WatchProgress {
  readonly type: "listing";
}

/** Everything up to `version` was emitted: a watch continues from there. */
interface Watching extends WatchProgress {
  readonly type: "watching";
  readonly version: string;
}

/**
 * The version of a single object expired, because the object did not change for long. A read
 * would return that same version, so a watch begins now, and the object is read after it began.
 */
interface Rereading extends WatchProgress {
  readonly type: "rereading";
  readonly version: string;
}

/** The object was read after the watch began: events up to `version` are part of what was read. */
interface CatchingUp extends WatchProgress {
  readonly type: "catchingUp";
  readonly version: string;
  /** The version that expired. */
  readonly forgotten: string;
}

export type WatchState = Listing | Watching | Rereading | CatchingUp;

/** The inputs of a watch loop from the API server. */
export type WatchInput<T> =
  | { readonly type: "listed"; readonly objects: readonly T[]; readonly version: string }
  | { readonly type: "event"; readonly event: WatchEvent<T> }
  /** The server ended the watch, this long after the loop's round began. */
  | { readonly type: "ended"; readonly afterMs: number }
  | { readonly type: "failed"; readonly error: KubeError };

export interface WatchStep<T> {
  readonly state: WatchState;
  readonly events: readonly ResourceEvent<T>[];
}

/** The version from which a watch begins with the present objects; it has no bookmarks. */
export const fromNow = "0";

/** A watch that ends earlier counts as a failure: some servers refuse a watch in this way. */
const earlyMs = 1_000;

/** The state before the first list. */
export function initialState(single: boolean): WatchState {
  return { type: "listing", single, failures: 0, expired: false, bookmarks: false };
}

/** The state after an input, and the events that it causes. */
export function next<T extends KubeObject>(state: WatchState, input: WatchInput<T>): WatchStep<T> {
  if (input.type === "listed") return afterList(state, input.objects, input.version);
  if (input.type === "event") return afterEvent(state, input.event);
  const after =
    input.type === "ended" ? afterEnd(state, input.afterMs) : afterFailure(state, input.error);
  return { state: after, events: [] };
}

function afterList<T>(state: WatchState, objects: readonly T[], version: string): WatchStep<T> {
  if (state.type === "watching" || state.type === "catchingUp") return { state, events: [] };
  const applied = objects.map((object) => ({ type: "apply" as const, object }));
  return {
    state:
      state.type === "listing"
        ? { ...progressOf(state), type: "watching", version }
        : { ...progressOf(state), type: "catchingUp", version, forgotten: state.version },
    events: [{ type: "init" }, ...applied, { type: "initDone", resourceVersion: version }],
  };
}

function afterEvent<T extends KubeObject>(
  state: WatchState,
  { type, object }: WatchEvent<T>,
): WatchStep<T> {
  if (state.type === "listing" || state.type === "rereading") return { state, events: [] };
  const answered = { ...state, failures: 0, expired: false };
  const version = object.metadata.resourceVersion ?? state.version;
  if (state.type === "catchingUp" && !isNewer(version, state.version))
    return { state: answered, events: [] };
  if (type !== "BOOKMARK") {
    const event = { type: type === "DELETED" ? ("delete" as const) : ("apply" as const), object };
    return { state: { ...answered, version }, events: [event] };
  }
  return {
    state: { ...answered, version, bookmarks: true },
    events: [{ type: "progress", resourceVersion: version }],
  };
}

function afterEnd(state: WatchState, afterMs: number): WatchState {
  const failures = afterMs < earlyMs ? state.failures + 1 : state.failures;
  return resumed({ ...state, failures });
}

/** A version that expires is a failure only if it is the second without an event in between. */
function afterFailure(state: WatchState, { code }: KubeError): WatchState {
  const isExpired = code === "expired";
  const failures = isExpired && !state.expired ? state.failures : state.failures + 1;
  if (!isExpired) return resumed({ ...state, failures });
  const progress = { ...progressOf(state), failures, expired: true };
  if (!state.single || state.type === "listing") return { ...progress, type: "listing" };
  return { ...progress, type: "rereading", version: state.version };
}

/** The state in which the next watch begins. */
function resumed(state: WatchState): WatchState {
  if (state.type !== "catchingUp") return state;
  const { version, forgotten } = state;
  return { ...progressOf(state), type: version === forgotten ? "rereading" : "watching", version };
}

function progressOf({ single, failures, expired, bookmarks }: WatchState): WatchProgress {
  return { single, failures, expired, bookmarks };
}

/** Versions of one server compare as numbers. An event is kept if they are not. */
function isNewer(version: string, than: string): boolean {
  const isNumeric = /^\d+$/.test(version) && /^\d+$/.test(than);
  return !isNumeric || BigInt(version) > BigInt(than);
}
