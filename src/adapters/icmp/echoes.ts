import { Observable, type Observer } from "rxjs";
import { NetlinkError } from "../linux/errors.ts";
import type { DescriptorWatcher } from "../linux/poller.ts";
import {
  dueAt,
  isSendDue,
  judged,
  startOf,
  wireSequence,
  withAnswer,
  withoutRequest,
  withRequest,
  type EchoOutcome,
  type EchoState,
} from "../../model/probe/echo-judge.ts";
import type { EchoPace } from "../../model/probe/echo-pace.ts";
import { EchoSocket, type EchoPath } from "./echo-socket.ts";

/** Errors of a socket without an address or a route, as before the tunnel is set up. */
const withoutRoute: ReadonlySet<string> = new Set([
  "EACCES",
  "EADDRNOTAVAIL",
  "EHOSTUNREACH",
  "EINVAL",
  "ENETDOWN",
  "ENETUNREACH",
  "ENODEV",
]);

/**
 * Sends echo requests at a pace and emits the judgement of each; it does not complete. There is
 * none while the source's address or a route does not exist yet. It errors with a {@link NetlinkError}
 * if there can be no socket, which says nothing about the target.
 */
export function echoes(
  poller: DescriptorWatcher,
  path: EchoPath,
  pace: EchoPace,
): Observable<EchoOutcome> {
  return new Observable((subscriber) => {
    const prober = new Prober(poller, path, pace, subscriber);
    return () => prober[Symbol.dispose]();
  });
}

/** Sends the requests of one probe when they are due, and has them judged. */
class Prober implements Disposable {
  readonly #observer: Pick<Observer<EchoOutcome>, "next" | "error">;
  readonly #open: () => EchoSocket;
  #state: EchoState;
  #socket: EchoSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    poller: DescriptorWatcher,
    path: EchoPath,
    pace: EchoPace,
    observer: Pick<Observer<EchoOutcome>, "next" | "error">,
  ) {
    this.#observer = observer;
    this.#open = () => new EchoSocket(poller, path, (sequence) => this.#take(sequence));
    this.#state = startOf(pace, performance.now());
    this.#step();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.[Symbol.dispose]();
  }

  #take(sequence: number): void {
    const { state, outcome } = withAnswer(this.#state, sequence, performance.now());
    this.#state = state;
    if (outcome !== undefined) this.#observer.next(outcome);
    this.#wait();
  }

  #step(): void {
    // The poller reports an answer only when its thread and this one have had their turn.
    this.#socket?.drain();
    const { state, outcomes } = judged(this.#state, performance.now());
    this.#state = state;
    for (const outcome of outcomes) this.#observer.next(outcome);
    if (!this.#isClosed && isSendDue(this.#state, performance.now())) this.#send();
    this.#wait();
  }

  #send(): void {
    this.#state = withRequest(this.#state, performance.now());
    try {
      this.#socket ??= this.#open();
      this.#socket.send(wireSequence(this.#state));
    } catch (error) {
      // A socket that had a route has lost it: the request is judged as unanswered.
      if (this.#socket !== undefined) return;
      if (error instanceof NetlinkError && withoutRoute.has(error.code)) {
        this.#state = withoutRequest(this.#state);
        return;
      }
      this.#isClosed = true;
      this.#observer.error(error);
    }
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const delayMs = Math.max(Math.ceil(dueAt(this.#state) - performance.now()), 0);
    this.#timer = setTimeout(() => this.#step(), delayMs);
  }
}

/**
 * Sends one echo request; resolves with its round trip in seconds, or undefined without an answer.
 *
 * @throws {NetlinkError} if it cannot be sent
 */
export function echoOnce(
  poller: DescriptorWatcher,
  path: EchoPath,
  { bytes, timeoutMs }: { readonly bytes?: number; readonly timeoutMs: number },
): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
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
