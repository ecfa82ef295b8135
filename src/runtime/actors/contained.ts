import { config, type Observable } from "rxjs";
import { retryWithBackoff } from "../../adapters/time/retry-with-backoff.ts";

/** Reports an exception, which is a defect, by what it happened to: a connection, a stream. */
export type OnBreakdown = (id: string, error: unknown) => void;

/**
 * Makes a function of which an exception is reported and goes no further: RxJS and XState throw
 * what their observers throw where nothing can catch it, and the process ends.
 */
export function contained<Args extends readonly unknown[]>(
  report: (error: unknown) => void,
  run: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      report(error);
    }
  };
}

/** A source that is subscribed to again after a backoff whenever it fails. */
export function resubscribed<T>(
  source: Observable<T>,
  report: (error: unknown) => void,
): Observable<T> {
  return source.pipe(retryWithBackoff({ onError: report }));
}

/** Has exceptions of all subscribers that do not catch them reported, in place of ending the process. */
export function containStreams(onBreakdown: OnBreakdown): void {
  config.onUnhandledError = (error: unknown) => onBreakdown("stream", error);
}
