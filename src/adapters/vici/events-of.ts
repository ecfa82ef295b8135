import { Observable } from "rxjs";

/** The events of a stream, until the session ends or the subscriber leaves. */
export function eventsOf<E, T>(
  stream: AsyncIterableIterator<E, undefined>,
  convert: (event: E) => readonly T[],
): Observable<T> {
  return new Observable((subscriber) => {
    const pump = async () => {
      for await (const sent of stream) for (const event of convert(sent)) subscriber.next(event);
    };
    const end = () => subscriber.complete();
    pump().then(end, end);
    return () => void stream.return?.();
  });
}
