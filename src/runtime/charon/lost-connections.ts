import {
  auditTime,
  catchError,
  EMPTY,
  exhaustMap,
  filter,
  from,
  interval,
  merge,
  type Observable,
} from "rxjs";
import { whileTrue } from "../actors/while-true.ts";
import type { WorkQueue } from "../actors/work-queue.ts";
import { measured } from "../effects/effect.ts";
import type { EventSubjects } from "../effects/event-subjects.ts";
import type { CharonPort } from "../ports/ports.ts";

/** Milliseconds between two comparisons: charon has no event for a connection that is unloaded. */
export const compareMs = 5_000;

/** Milliseconds within which several hints lead to one comparison. */
const gatherMs = 500;

export interface LostConnectionsOptions {
  readonly charon: Pick<CharonPort, "lost">;
  readonly queue: WorkQueue;
  readonly events: Pick<EventSubjects, "adapterCalls" | "charonEvents">;
  /** Emits true when a session with charon begins and false when it ends. */
  readonly sessions: Observable<boolean>;
}

/**
 * Emits the names of connections that charon no longer has as ipman loaded them: every few seconds,
 * and soon after charon's log reports a change or charon refuses to initiate a child. A comparison
 * that fails is repeated with the next one; if charon does not answer, the session ends as well.
 */
export function lostConnections(options: LostConnectionsOptions): Observable<readonly string[]> {
  const { charon, queue, events, sessions } = options;
  const hints = merge(
    events.charonEvents.pipe(filter(({ type }) => type === "configuration.changed")),
    events.adapterCalls.pipe(filter(({ name, failed }) => failed && name === "charon.initiate")),
  );
  const compare = () =>
    measured({ calls: events.adapterCalls }, "charon.compare", () => queue.before(charon.lost()));
  return whileTrue([sessions], () =>
    merge(interval(compareMs), hints.pipe(auditTime(gatherMs))).pipe(
      exhaustMap(() => from(compare()).pipe(catchError(() => EMPTY))),
      filter((lost) => lost.length > 0),
    ),
  );
}
