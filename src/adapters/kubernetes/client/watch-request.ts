import { fromNow, type WatchState } from "./watch-state.ts";

/** The parameters of a watch, and how long it may stay silent. */
export interface WatchRequest {
  readonly resourceVersion: string;
  readonly allowWatchBookmarks: boolean;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
  /** A watch without any event for this long is dead. */
  readonly silenceMs: number;
}

/** The server ends a watch after this time at the earliest, and after twice of it at the latest. */
const watchSeconds = 240;

/** The same before the first bookmark: an older etcd sends none, and silence proves nothing. */
const unmarkedSeconds = 90;

/** The same for a single object that does not exist, which has no events until it does. */
const absentSeconds = 40;

/** Bookmarks come about once a minute: a watch that is silent for longer is dead. */
const markedSilenceMs = 100_000;

/** The additional wait for a server that ends a watch in time. */
const graceSeconds = 30;

/**
 * The watch that a state begins next.
 *
 * @param random from 0 to 1; spreads the ends of watches that begin together
 */
export function watchRequest(
  { type, version, bookmarks }: Exclude<WatchState, { readonly type: "listing" }>,
  random: number,
): WatchRequest {
  const isAbsent = version === fromNow;
  // With bookmarks the API server would treat a watch from now on as a streaming list, which not
  // every etcd supports.
  const allowWatchBookmarks = !isAbsent && type !== "rereading";
  const isMarked = bookmarks && allowWatchBookmarks;
  const seconds = isAbsent ? absentSeconds : isMarked ? watchSeconds : unmarkedSeconds;
  const timeoutSeconds = Math.round(seconds * (1 + random));
  return {
    resourceVersion: type === "rereading" ? fromNow : version,
    allowWatchBookmarks,
    timeoutSeconds,
    silenceMs: isMarked ? markedSilenceMs : (timeoutSeconds + graceSeconds) * 1_000,
  };
}
