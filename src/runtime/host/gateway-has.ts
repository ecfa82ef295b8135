import { filter, first, map, startWith, timeout, type Observable, of } from "rxjs";
import type { Endpoint } from "../../model/network/endpoint.ts";
import { gatewaySnapshotOf } from "../actors/snapshots.ts";
import type { Running } from "../ports/running.ts";

/** The longest wait for a gateway; milliseconds. One that cannot be configured is reported elsewhere. */
const longestMs = 2_000;

/**
 * Emits once a gateway forwards the packets of a worker, or after two seconds: until then it would
 * answer the peer that the worker is unreachable.
 */
export function gatewayHas(
  running: Pick<Running, "roots" | "changes">,
  worker: Endpoint,
): Observable<void> {
  return running.changes.pipe(
    startWith(undefined),
    filter(() => forwards(running, worker)),
    first(),
    map(() => undefined),
    timeout({ first: longestMs, with: () => of(undefined) }),
  );
}

function forwards({ roots }: Pick<Running, "roots">, { connection, child, id }: Endpoint): boolean {
  const root = roots.get(connection)?.getSnapshot();
  const gateway = root && gatewaySnapshotOf(root, child);
  return gateway?.matches("ready") === true && gateway.context.workers.some((one) => one.id === id);
}
