import { filter, firstValueFrom, startWith, timeout } from "rxjs";
import type { ConnectionReservations } from "../../../model/addresses/connection-reservations.ts";
import { failure, Reason } from "../../../model/status/failure.ts";
import { Refusal } from "../../ports/refusal.ts";
import type { Cluster } from "../state/cluster.ts";

/** Milliseconds that this replica's view of pods may lag behind another replica's. */
const catchUpMs = 4_000;

/**
 * Resolves when this replica has seen every pod whose reservation ended. Before, it might give
 * the address of such a pod to another pod or to a Service.
 *
 * @throws Refusal if that takes too long
 */
export async function caughtUp(
  { workers }: Pick<Cluster, "workers">,
  { podsVersion }: Pick<ConnectionReservations, "podsVersion">,
): Promise<void> {
  const needed = BigInt(podsVersion ?? 0);
  if (workers.version >= needed) return;
  await firstValueFrom(
    workers.changes.pipe(
      startWith(undefined),
      filter(() => workers.version >= needed),
      timeout({ first: catchUpMs }),
    ),
  ).catch((cause: unknown) => {
    const message = "this replica's view of pods is behind another replica's";
    throw new Refusal(failure(Reason.Internal, message), { cause });
  });
}
