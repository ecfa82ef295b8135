import { config, type Observable } from "rxjs";
import { retryWithBackoff } from "../../adapters/time/retry-with-backoff.ts";

/**
 * Reports an exception, which is a defect, with the id of the connection or stream in which it
 * occurred.
 */
export type OnBreakdown = (id: string, error: unknown) => void;

/**
 * Wraps a function so that its exceptions are reported and not thrown: RxJS and XState rethrow
 * exceptions of observers where nothing can catch them, and the process ends.
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

/** Subscribes to a source again after a backoff whenever it fails. */
export function resubscribed<T>(
  source: Observable<T>,
  report: (error: unknown) => void,
): Observable<T> {
  return source.pipe(retryWithBackoff({ onError: report }));
}

/** Reports uncaught exceptions of all RxJS subscribers, which would otherwise end the process. */
export function containStreams(onBreakdown: OnBreakdown): void {
  config.onUnhandledError = (error: unknown) => onBreakdown("stream", error);
}
