import { filter, firstValueFrom, map, startWith, timeout, type Observable } from "rxjs";

export interface WaitLimits {
  /** The time at which every wait of a request ends, in milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** The longest time of this wait, in milliseconds. */
  readonly maxMs: number;
}

/** The time for the work after the last wait, before the deadline of a request. */
export const finishMs = 250;

/**
 * Looks for a value, again after each change, until there is one.
 *
 * @returns undefined if the time is over first
 */
export async function waitFor<T>(
  look: () => T | undefined,
  changes: Observable<unknown>,
  { deadline, maxMs }: WaitLimits,
): Promise<T | undefined> {
  const found = look();
  const leftMs = Math.min(maxMs, deadline - performance.now());
  if (found !== undefined || leftMs <= 0) return found;
  return firstValueFrom(
    changes.pipe(
      startWith(undefined),
      map(look),
      filter((value) => value !== undefined),
      timeout({ first: leftMs }),
    ),
  ).catch(() => undefined);
}
