import { Observable } from "rxjs";
import type { Poller } from "../linux/poller.ts";
import { EchoSocket, type EchoPath } from "./echo-socket.ts";

/** An answer with its round trip; undefined where none came in time. */
export type EchoResult = number | undefined;

/**
 * Sends an echo request now and then, and tells of each whether it was answered before the
 * next: with the round trip in seconds. It never completes; a namespace that cannot be
 * entered ends it with an error.
 */
export function echoes(poller: Poller, path: EchoPath, intervalMs: number): Observable<EchoResult> {
  return new Observable((subscriber) => {
    let sequence = 0;
    let sentAt: number | undefined;
    const socket = new EchoSocket(poller, path, (answered) => {
      if (answered !== sequence || sentAt === undefined) return;
      const seconds = (performance.now() - sentAt) / 1_000;
      sentAt = undefined;
      subscriber.next(seconds);
    });
    const ask = () => {
      if (sentAt !== undefined) subscriber.next(undefined);
      sequence = (sequence + 1) & 0xffff;
      sentAt = performance.now();
      try {
        socket.send(sequence);
      } catch {
        // No way there, or nobody: as good as lost, and told of with the next.
      }
    };
    ask();
    const timer = setInterval(ask, intervalMs);
    return () => {
      clearInterval(timer);
      socket[Symbol.dispose]();
    };
  });
}

/** One echo request; the round trip in seconds, or undefined where nobody answers in time. */
export function echoOnce(
  poller: Poller,
  path: EchoPath,
  { bytes, timeoutMs }: { readonly bytes?: number; readonly timeoutMs: number },
): Promise<EchoResult> {
  const { promise, resolve } = Promise.withResolvers<EchoResult>();
  const sentAt = performance.now();
  using stack = new DisposableStack();
  const socket = stack.use(
    new EchoSocket(poller, path, () => resolve((performance.now() - sentAt) / 1_000)),
  );
  socket.send(1, bytes);
  const timer = setTimeout(resolve, timeoutMs, undefined);
  const owned = stack.move();
  return promise.finally(() => {
    clearTimeout(timer);
    owned.dispose();
  });
}
