import { defer, first, map, retry, switchMap, throwError, timer, type Observable } from "rxjs";
import { fabricUplink } from "../../adapters/host/fabric.ts";
import { applyPlan } from "../../adapters/network/apply-plan.ts";
import type { Connection } from "../../model/api/connection.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import type { DesiredState } from "../desired/desired-state.ts";
import type { KernelNetwork } from "../kernel/kernel-network.ts";
import { Refusal } from "../ports/refusal.ts";
import type { AttachRequest } from "./attach-request.ts";
import type { HostPlacement } from "./host-placement.ts";

/** Milliseconds between attempts; charon may be about to start. */
const retryMs = 50;
const attempts = 100;

/** The ports of `attach`. */
export interface AttachPorts {
  readonly desired: Observable<DesiredState>;
  readonly placement: HostPlacement;
  readonly network: Pick<KernelNetwork, "workerPlan">;
}

/** The address of an attached namespace in its segment. */
export interface Attached {
  readonly address: string;
  readonly worker: Worker;
}

/**
 * Attaches a network namespace to a child once the child's gateway is in place. The daemon does
 * all the work, so that the process of the command starts fast.
 */
export function attach(ports: AttachPorts, request: AttachRequest): Observable<Attached> {
  const connections = ports.desired.pipe(
    first(),
    map((desired) => desired.connections),
  );
  const attempt = connections.pipe(map((present) => attachNow(ports, request, present)));
  return connections.pipe(
    switchMap((present) => ports.placement.placed(request, present)),
    switchMap(() => retried(attempt)),
  );
}

/** Retries after a failure that may pass by itself. */
function retried<T>(attempt: Observable<T>): Observable<T> {
  const delay = (error: unknown) =>
    error instanceof Refusal && error.failure.retryable ? timer(retryMs) : throwError(() => error);
  return defer(() => attempt).pipe(retry({ count: attempts, delay }));
}

function attachNow(
  { placement, network }: AttachPorts,
  request: AttachRequest,
  connections: ReadonlyMap<string, Connection>,
): Attached {
  const attachment = placement.attach(request, connections);
  const { worker } = attachment;
  const connection = connections.get(worker.connection);
  if (connection === undefined)
    throw new Error("the connection was deleted while the namespace was attached to it");
  const plan = network.workerPlan({ ...attachment, connection }, worker, fabricUplink);
  applyPlan({ namespace: worker.netns }, plan);
  return { address: formatPrefix(worker.address), worker };
}
