import type { AddressRequest, AllocationResult } from "../../../model/addresses/allocation.ts";
import {
  isPrefetched,
  isReservationProof,
  reservationKey,
  type PodNames,
} from "../../../model/addresses/reservation.ts";
import { reservationsOf } from "../../../model/addresses/seen-reservations.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { formatAddress } from "../../../model/net/address.ts";
import { parsePrefix } from "../../../model/net/prefix.ts";
import type { SegmentKey } from "../../../model/network/segment-key.ts";
import type { Allocator } from "../addresses/allocator.ts";
import type { ReservationAges } from "../addresses/reservation-ages.ts";
import type { ReservationStore } from "../addresses/reservation-store.ts";
import type { Cluster } from "../state/cluster.ts";
import { located, type AttachmentTarget } from "./attachment-targets.ts";
import { Denial } from "./denial.ts";
import { waitFor } from "./wait-for.ts";

export interface PodReservationsOptions {
  readonly cluster: Cluster;
  readonly allocator: Allocator;
  readonly store: ReservationStore;
  readonly ages: Pick<ReservationAges, "hasEnded">;
}

/** The pod whose addresses are reserved. */
export interface ReservingPod {
  readonly key: SegmentKey;
  readonly names: PodNames & { readonly namespace: string };
  readonly isDryRun: boolean;
}

type ReservedResult = Extract<AllocationResult, { readonly ok: true }>;

/** The reservation of an attachment's address, or the reason for which there is none. */
interface ReservationOutcome {
  readonly target: AttachmentTarget;
  readonly result: AllocationResult;
  /** Whether this request made the reservation. */
  readonly isNew: boolean;
}

/** How long a request waits for an address that may become free. */
const freeWaitMs = 5_000;

/** Reserves the addresses of pods. */
export class PodReservations {
  readonly #options: PodReservationsOptions;

  constructor(options: PodReservationsOptions) {
    this.#options = options;
  }

  /**
   * Reserves an address for each attachment, or none: if one has no address, the reservations for
   * the others end at once, so that a pod that is created again and again takes no addresses.
   *
   * @returns one result for each target, in their order
   * @throws Denial
   */
  async reserve(
    targets: readonly AttachmentTarget[],
    pod: ReservingPod,
    deadline: number,
  ): Promise<readonly ReservedResult[]> {
    const outcomes = await Promise.all(
      targets.map((target) => this.#reserveOne(target, pod, deadline)),
    );
    const reserved = outcomes.flatMap(({ result }) => (result.ok ? [result] : []));
    if (reserved.length === outcomes.length) return reserved;
    await Promise.all(outcomes.filter(({ isNew }) => isNew).map((one) => this.#release(one)));
    throw denialOf(outcomes);
  }

  async #reserveOne(
    target: AttachmentTarget,
    pod: ReservingPod,
    deadline: number,
  ): Promise<ReservationOutcome> {
    const earlier = this.#earlierResult(target, pod);
    if (earlier !== undefined) return { target, result: earlier, isNew: false };
    const { connection, child, pool, request } = target;
    const { namespace } = pod.names;
    const wanted = { child, pool, namespace, ...request.wish };
    if (pod.isDryRun) {
      const result = this.#options.allocator.dryRun(connection.id, wanted);
      return { target, result, isNew: false };
    }
    return { target, result: await this.#allocate(connection.id, wanted, deadline), isNew: true };
  }

  async #release({ target, result }: ReservationOutcome): Promise<void> {
    if (!result.ok || result.reservationId === undefined) return;
    const { address, reservationId } = result;
    await this.#options.allocator.release(target.connection.id, { address, reservationId });
  }

  /**
   * The result of an earlier request for the same pod: after other webhooks, the API server
   * requests again. The reservation counts if the operator made it for this pod, the store still
   * has it, and no pod has or had the address by it.
   */
  #earlierResult(
    { request: { earlier }, connection, child, pool }: AttachmentTarget,
    { key, names }: ReservingPod,
  ): ReservedResult | undefined {
    const proof = earlier[annotation.reservation];
    const address = parsePrefix(earlier[annotation.vxlanIp] ?? "");
    const reservationId = earlier[annotation.reservedAt];
    if (proof === undefined || address === undefined || reservationId === undefined)
      return undefined;
    const facts = { connection: connection.id, child: child.key, pool, address, reservationId };
    if (!isReservationProof(proof, key, names, facts)) return undefined;
    const { ages, store, cluster } = this.#options;
    const text = formatAddress(address.address);
    const isStored = store.newest(connection.id).pending[text] === reservationId;
    if (!isStored || ages.hasEnded(connection.id, text, reservationId)) return undefined;
    const reservation = reservationKey(connection.id, text, reservationId);
    const pods = [...cluster.workersOf(connection.id)];
    const isUsed = pods.some((other) => reservationsOf(other).includes(reservation));
    return isUsed ? undefined : { ok: true, address, reservationId };
  }

  /** Waits for an address that is taken now and may become free. */
  async #allocate(
    id: string,
    request: AddressRequest,
    deadline: number,
  ): Promise<AllocationResult> {
    const { allocator, cluster } = this.#options;
    const result = await allocator.allocate(id, request);
    if (result.ok || !result.taken || !this.#mayBecomeFree(id, request)) return result;
    const isFree = await waitFor(
      () => {
        if (allocator.dryRun(id, request).ok) return true;
        return this.#mayBecomeFree(id, request) ? undefined : false;
      },
      cluster.touched,
      { deadline, maxMs: freeWaitMs },
    );
    return isFree === true ? allocator.allocate(id, request) : result;
  }

  /** The pod with a certain address may end; any address, if replicas prefetched some. */
  #mayBecomeFree(id: string, { address, ordinal }: AddressRequest): boolean {
    if (address !== undefined || ordinal !== undefined) return true;
    const { pending } = this.#options.store.newest(id);
    return Object.values(pending).some(isPrefetched);
  }
}

/** The denial for the first attachment without an address. */
function denialOf(outcomes: readonly ReservationOutcome[]): Denial {
  for (const { target, result } of outcomes) {
    if (result.ok) continue;
    const { request, connection, child } = target;
    const message = located(request, `${connection.id}/${child.key}: ${result.message}`);
    return new Denial(message, codeOf(result));
  }
  return new Denial("no attachment is without an address", 500);
}

function codeOf({ unwritten, taken }: Extract<AllocationResult, { readonly ok: false }>): number {
  if (unwritten === true) return 500;
  return taken ? 429 : 403;
}
