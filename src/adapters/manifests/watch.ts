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
import { folderReader, stampOf } from "./read.ts";

/** A file that is being written is left alone until it has been quiet for so long. */
const quietMs = 100;

/** How often a folder is looked at whose file system reports nothing: a network's, say. */
const lookMs = 5_000;

/**
 * What a folder of manifests declares: at once, and again after each change. An editor's
 * burst of events is one change; a file that was renamed into place is one too. It never
 * ends: of a folder that cannot be read it says so, and looks again.
 */
export function watchFolder(folder: string): Observable<Snapshot> {
  const looks = interval(lookMs).pipe(
    startWith(undefined),
    map(() => stampOf(folder)),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  const reports = looks.pipe(
    map((stamp) => stamp.folder),
    distinctUntilChanged(),
    // One that was deleted and made anew is another folder.
    switchMap(() => reported(folder).pipe(catchError(() => NEVER))),
  );
  const seen = looks.pipe(
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
