import {
  catchError,
  defer,
  EMPTY,
  first,
  map,
  mergeMap,
  retry,
  timer,
  type Observable,
  type Subscription,
} from "rxjs";
import { backoffMs } from "../../model/time/backoff.ts";
import { attach, type Attached, type AttachPorts } from "./attach.ts";
import type { AttachRequest } from "./attach-request.ts";

/** Namespaces that are attached at the same time. */
const atOnce = 4;

/** Attempts for each namespace, over about four minutes: charon may start late. */
const mostAttempts = 10;

export interface Reattachment {
  /** Whether the secrets of all workers changed, since the segment key was lost. */
  readonly haveOtherSecrets: boolean;
  readonly onAttached: (request: AttachRequest, attached: Attached) => void;
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Attaches workers of a former process again whose list or whose segment key was lost. They keep
 * their addresses.
 */
export function reattach(
  ports: AttachPorts,
  { haveOtherSecrets, onAttached, onTrouble }: Reattachment,
): Subscription {
  const requests = ports.desired.pipe(
    first(),
    mergeMap(({ connections }) => ports.placement.requestsToRepeat(connections, haveOtherSecrets)),
  );
  const failed = ({ netns }: AttachRequest, cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy = `attach it by "ipman attach"`;
    onTrouble(new Error(`${netns} was not attached again: ${reason}; ${remedy}`, { cause }));
    return EMPTY;
  };
  const again = (request: AttachRequest): Observable<void> =>
    defer(() => attach(ports, request)).pipe(
      retry({ count: mostAttempts, delay: (_, failures) => timer(backoffMs(failures)) }),
      map((attached) => onAttached(request, attached)),
      catchError((error: unknown) => failed(request, error)),
    );
  return requests.pipe(mergeMap(again, atOnce)).subscribe({ error: onTrouble });
}
