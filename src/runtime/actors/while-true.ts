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

/**
 * Emits a source's values while all conditions are true; a source that fails emits nothing until
 * they are true again.
 */
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
