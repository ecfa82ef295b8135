import { Observable } from "rxjs";
import type { DescriptorWatcher } from "../linux/poller.ts";
import { EchoSocket, type EchoPath } from "./echo-socket.ts";

/** The round trip of an answered request in seconds; undefined if no answer came in time. */
export type EchoResult = number | undefined;

/**
 * Sends an echo request at each interval and emits whether it was answered before the next one.
 * It does not complete; it errors with a {@link NetlinkError} if the socket cannot be opened.
 */
export function echoes(
  poller: DescriptorWatcher,
  path: EchoPath,
  intervalMs: number,
): Observable<EchoResult> {
  return new Observable((subscriber) => {
    let sequence = 0;
    let sentAt: number | undefined;
    const socket = new EchoSocket(poller, path, (answered) => {
      if (answered !== sequence || sentAt === undefined) return;
      const seconds = (performance.now() - sentAt) / 1_000;
      sentAt = undefined;
      subscriber.next(seconds);
    });
    const send = () => {
      if (sentAt !== undefined) subscriber.next(undefined);
      sequence = (sequence + 1) & 0xffff;
      sentAt = performance.now();
      try {
        socket.send(sequence);
      } catch {
        // There is no route, or no neighbour: the next interval reports it as unanswered.
      }
    };
    send();
    const timer = setInterval(send, intervalMs);
    return () => {
      clearInterval(timer);
      socket[Symbol.dispose]();
    };
  });
}

/**
 * Sends one echo request.
 *
 * @throws {NetlinkError} if it cannot be sent
 */
export function echoOnce(
  poller: DescriptorWatcher,
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
