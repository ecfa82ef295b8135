import { watch } from "node:fs";
import {
  catchError,
  debounceTime,
  distinctUntilChanged,
  interval,
  map,
  merge,
  NEVER,
  Observable,
  shareReplay,
  skip,
  startWith,
  switchMap,
} from "rxjs";
import type { Snapshot } from "../../model/api/resource.ts";
import { folderReader, folderVersion } from "./read.ts";

/** Milliseconds without a change after which a folder is read: a program may still write a file. */
const quietMs = 100;

/** How often a folder is checked, since some file systems report no changes, such as network ones. */
const checkMs = 5_000;

/**
 * Emits the manifests in a folder at once and after each change. Several events in a short time
 * count as one change, and a file that is renamed into place is a change. The stream never ends: a
 * folder that cannot be read is emitted as a problem and checked again.
 */
export function watchFolder(folder: string): Observable<Snapshot> {
  const checks = interval(checkMs).pipe(
    startWith(undefined),
    map(() => folderVersion(folder)),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  const reports = checks.pipe(
    map((stamp) => stamp.folder),
    distinctUntilChanged(),
    // A folder that was deleted and created again has another inode and needs another watch.
    switchMap(() => reported(folder).pipe(catchError(() => NEVER))),
  );
  const seen = checks.pipe(
    map(({ folder: inode, files }) => `${inode} ${files}`),
    distinctUntilChanged(),
    skip(1),
  );
  return merge(reports, seen).pipe(
    debounceTime(quietMs),
    startWith(undefined),
    map(folderReader(folder)),
  );
}

function reported(folder: string): Observable<unknown> {
  return new Observable((subscriber) => {
    const watcher = watch(folder, () => subscriber.next(undefined));
    watcher.on("error", (error) => subscriber.error(error));
    return () => watcher.close();
  });
}
