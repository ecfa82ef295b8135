import { mkdirSync, watch } from "node:fs";
import { catchError, EMPTY, interval, map, merge, Observable } from "rxjs";
import { netnsFolder } from "../linux/namespace.ts";

const checkMs = 5_000;

/**
 * Emits when a named network namespace may have come or gone: by inotify, and every five
 * seconds in case that an event was missed or inotify is not available.
 */
export function namespaceChanges(): Observable<void> {
  const events = new Observable<void>((subscriber) => {
    // The folder exists after the first named namespace; it has to be watched before.
    mkdirSync(netnsFolder, { recursive: true });
    const watcher = watch(netnsFolder, () => subscriber.next());
    watcher.on("error", (error) => subscriber.error(error));
    return () => watcher.close();
  });
  return merge(events.pipe(catchError(() => EMPTY)), interval(checkMs).pipe(map(() => undefined)));
}
