import {
  catchError,
  combineLatest,
  defer,
  distinctUntilChanged,
  EMPTY,
  map,
  switchMap,
  type Observable,
} from "rxjs";

/** What a source tells while all the conditions hold; one that fails is quiet until they hold anew. */
export function whileTrue<T>(
  conditions: readonly Observable<boolean>[],
  source: () => Observable<T>,
): Observable<T> {
  return combineLatest(conditions).pipe(
    map((all) => all.every(Boolean)),
    distinctUntilChanged(),
    switchMap((hold) => (hold ? defer(source).pipe(catchError(() => EMPTY)) : EMPTY)),
  );
}
