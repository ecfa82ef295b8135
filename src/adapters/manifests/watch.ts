import { watch } from "node:fs";
import { debounceTime, map, Observable, startWith } from "rxjs";
import type { Snapshot } from "../../model/resource.ts";
import { readFolder } from "./read.ts";

/** A file that is being written is left alone until it has been quiet for so long. */
const quietMs = 100;

/**
 * What a folder of manifests declares: at once, and again after each change. An editor's
 * burst of events is one change; a file that was renamed into place is one too.
 */
export function watchFolder(folder: string): Observable<Snapshot> {
  const changes = new Observable<void>((subscriber) => {
    const watcher = watch(folder, () => subscriber.next());
    watcher.on("error", (error) => subscriber.error(error));
    return () => watcher.close();
  });
  return changes.pipe(
    debounceTime(quietMs),
    startWith(undefined),
    map(() => readFolder(folder)),
  );
}
