import { auditTime, filter, interval, merge, Subscription } from "rxjs";
import type { KubeClient } from "../../adapters/kubernetes/kube-client.ts";
import { holders } from "../../adapters/kubernetes/live-pods.ts";
import { formatAddress } from "../../model/address.ts";
import { annotation } from "../../model/labels.ts";
import { parsePrefix } from "../../model/prefix.ts";
import { reservedTime } from "../../model/reservation.ts";
import { holdingOf, trimmedPod, type Pod } from "../../model/worker-pod.ts";
import type { StatusAmender } from "./amend-status.ts";
import type { Cluster } from "./cluster.ts";

export interface ReservationsOptions {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly amender: StatusAmender;
  /** A reservation without a pod ends after so many milliseconds: no request takes longer. */
  readonly ttlMs: number;
  readonly onTrouble: (error: unknown) => void;
}

/** Whoever waits for an address may get that of a pod that went. */
const freeMs = 250;
/** That of a pod that came is nobody's to wait for. */
const gatherMs = 2_000;
const lookMs = 5_000;

/**
 * Ends the reservations of addresses: those whose pod is there, and those whose pod never
 * came. One replica does it, the leader.
 */
export class Reservations implements Disposable {
  readonly #options: ReservationsOptions;
  readonly #subscription = new Subscription();
  /**
   * Of pods that went, and when: the reservation may be known here later than its pod's end,
   * since connections and pods are watched by themselves.
   */
  readonly #ended = new Map<string, number>();
  #busy = false;

  constructor(options: ReservationsOptions) {
    this.#options = options;
    const { cluster } = options;
    this.#subscription.add(
      cluster.workers.deletions.subscribe((pod) => {
        const reservation = reservationOf(pod);
        if (reservation !== undefined) this.#ended.set(reservation, Date.now());
      }),
    );
    this.#subscription.add(
      merge(
        cluster.workers.deletions.pipe(auditTime(freeMs)),
        cluster.touched.pipe(auditTime(gatherMs)),
        interval(lookMs),
      )
        .pipe(filter(() => cluster.synced && !this.#busy))
        .subscribe(() => void this.#lookThrough()),
    );
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
  }

  async #lookThrough(): Promise<void> {
    const { cluster, amender, onTrouble } = this.#options;
    this.#busy = true;
    for (const id of cluster.desired.connections.keys()) {
      const pending = amender.newest(id)?.status?.pendingIps ?? {};
      if (Object.keys(pending).length === 0) continue;
      await this.#tidy(id).catch(onTrouble);
    }
    this.#forget();
    this.#busy = false;
  }

  /** A reservation that is older than that ends by itself. */
  #forget(): void {
    const oldest = Date.now() - this.#options.ttlMs;
    for (const [reservation, at] of this.#ended) {
      if (at > oldest) break;
      this.#ended.delete(reservation);
    }
  }

  #tidy(id: string): Promise<void> {
    const { cluster, amender, ttlMs } = this.#options;
    return amender.amend<void>(id, async ({ status = {} }) => {
      const pods = [...cluster.workersOf(id)];
      const taken = versionsByAddress(id, pods);
      const there = new Set(pods.map(reservationOf));
      const isOver = ([address, at]: [string, string]) => {
        if (taken.has(address)) return true;
        const reservation = keyOf(id, address, at);
        return there.has(reservation) || this.#ended.has(reservation);
      };
      const oldest = Date.now() - ttlMs;
      const pending = Object.entries(status.pendingIps ?? {});
      const { over = [], rest = [] } = Object.groupBy(pending, (entry) =>
        isOver(entry) ? "over" : "rest",
      );
      // What is no time was written by nobody we know.
      const old = rest.filter(([, at]) => !(Date.parse(at) > oldest));
      const ended = old.length === 0 ? [] : await this.#withoutPod(id, old);
      const newest = over.map(([address]) => taken.get(address) ?? 0n);
      const version = [BigInt(status.podsVersion ?? 0), ...newest].reduce((a, b) =>
        a > b ? a : b,
      );
      const end = Object.fromEntries([...over, ...ended]) as Record<string, string>;
      return { change: { end, podsVersion: String(version) }, result: undefined };
    });
  }

  /** Asks the API server itself: a view that is behind would free what a pod has. */
  async #withoutPod(id: string, entries: [string, string][]): Promise<[string, string][]> {
    const { client } = this.#options;
    const pods: Pod[] = [];
    const { type, ...selector } = holders;
    await client.list(type, {}, selector, (object) => pods.push(trimmedPod(object)));
    const taken = versionsByAddress(id, pods);
    return entries.filter(([address]) => !taken.has(address));
  }
}

/** Of pods that are looked at again and again: an object never changes. */
const reservations = new WeakMap<Pod, { readonly key: string | undefined }>();

/** What tells a pod's reservation from every other; of a pod that has one. */
function reservationOf(pod: Pod): string | undefined {
  const known = reservations.get(pod) ?? { key: readReservation(pod) };
  reservations.set(pod, known);
  return known.key;
}

function readReservation({ metadata: { annotations = {} } }: Pod): string | undefined {
  const id = annotations[annotation.connection];
  const reservedAt = annotations[annotation.reservedAt];
  const address = parsePrefix(annotations[annotation.vxlanIp] ?? "");
  if (id === undefined || reservedAt === undefined || address === undefined) return undefined;
  return keyOf(id, formatAddress(address.address), reservedAt);
}

function keyOf(id: string, address: string, stamp: string): string {
  return JSON.stringify([id, address, reservedTime(stamp)]);
}

/** The addresses that pods of a connection hold, with the version of the pod. */
function versionsByAddress(id: string, pods: readonly Pod[]): Map<string, bigint> {
  const taken = new Map<string, bigint>();
  for (const pod of pods) {
    const holding = holdingOf(pod);
    if (holding?.connection !== id) continue;
    taken.set(formatAddress(holding.address.address), BigInt(pod.metadata.resourceVersion ?? 0));
  }
  return taken;
}
