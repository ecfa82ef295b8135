import type {
  AdmissionRequest,
  Verdict,
} from "../../../adapters/kubernetes/admission/admission-review.ts";
import type { ClusterKey } from "../../../adapters/kubernetes/cluster-key.ts";
import type { AddressRequest, AllocationResult } from "../../../model/addresses/allocation.ts";
import {
  admittedPod,
  isPrefetched,
  isReservationProof,
  reservationKey,
  reservationProof,
  type PodNames,
} from "../../../model/addresses/reservation.ts";
import { reservationOf } from "../../../model/addresses/seen-reservations.ts";
import {
  availableChild,
  unavailable,
  type AvailabilityRule,
} from "../../../model/api/availability.ts";
import type { Child, Connection } from "../../../model/api/connection.ts";
import { injectionPatch, type NewPod } from "../../../model/attach/pod-injection.ts";
import type { Image } from "../../../model/kubernetes/image.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { formatAddress, type Address } from "../../../model/net/address.ts";
import { parsePrefix } from "../../../model/net/prefix.ts";
import { innerMtu, suiteOfProposals } from "../../../model/network/mtu.ts";
import type { SegmentKey } from "../../../model/network/segment-key.ts";
import { workerSecrets } from "../../../model/network/segment.ts";
import { poolWanted } from "../../host/attach-request.ts";
import type { Allocator } from "../addresses/allocator.ts";
import type { ReservationAges } from "../addresses/reservation-ages.ts";
import type { ReservationStore } from "../addresses/reservation-store.ts";
import type { Cluster } from "../state/cluster.ts";
import { Denial } from "./denial.ts";
import { requestedAddress, targetOf } from "./pod-request.ts";
import { waitFor } from "./wait-for.ts";

export interface PodAdmissionOptions extends AvailabilityRule {
  readonly cluster: Cluster;
  readonly allocator: Allocator;
  readonly store: ReservationStore;
  readonly ages: Pick<ReservationAges, "hasEnded">;
  readonly clusterKey: Pick<ClusterKey, "current" | "changes" | "problem">;
  /** The image of the init container, which runs `ipman attach`. */
  readonly image: Image;
  readonly vxlanPort: number;
}

/** How long a request waits for a gateway, or for an address that may become free. */
const maxWaitMs = 5_000;

/** The time for the work after the last wait, before the deadline of a request. */
const finishMs = 250;

/** How long a request waits for a connection that was applied together with the pod. */
const connectionWaitMs = 1_000;

const ethernetMtu = 1500;

/** The part of a connection that a pod requests, and the facts that verify its reservation. */
interface Place {
  readonly key: SegmentKey;
  readonly names: PodNames;
  readonly connection: Connection;
  readonly child: Child;
  readonly pool: string;
}

/** Makes annotated pods workers: each gets an address, and an init container that attaches it. */
export class PodAdmission {
  readonly #options: PodAdmissionOptions;

  constructor(options: PodAdmissionOptions) {
    this.#options = options;
  }

  /** @param deadline of all waits together, in milliseconds of `performance.now()` */
  async admit(request: AdmissionRequest, deadline = Infinity): Promise<Verdict> {
    try {
      return await this.#admit(request, deadline - finishMs);
    } catch (error) {
      if (!(error instanceof Denial)) throw error;
      return { allowed: false, message: error.message, code: error.code };
    }
  }

  async #admit(
    { object, namespace = "default", dryRun }: AdmissionRequest,
    deadline: number,
  ): Promise<Verdict> {
    const pod = object as unknown as NewPod;
    const key = await this.#segmentKey(deadline);
    const { connection, child, pool } = await this.#target(pod, namespace, deadline);
    const gateway = await this.#gateway(connection, child, deadline);
    const request = { child, pool, namespace, ...requestedAddress(pod) };
    const names = { ...pod.metadata, namespace };
    const result =
      this.#earlierResult(pod, { key, names, connection, child, pool }) ??
      (dryRun === true
        ? this.#options.allocator.dryRun(connection.id, request)
        : await this.#allocate(connection.id, request, deadline));
    if (!result.ok) {
      throw new Denial(`${connection.id}/${child.key}: ${result.message}`, codeOf(result));
    }
    const { image, vxlanPort } = this.#options;
    const { address, reservationId = "" } = result;
    const facts = { connection: connection.id, child: child.key, pool, address, reservationId };
    // A dry run reserves no address that a proof could be for.
    const isReserved = reservationId !== "";
    const proof = isReserved ? reservationProof(key, { ...admittedPod(names), ...facts }) : "";
    const tunnelMtu = this.#tunnelMtu(connection, child);
    const secrets = workerSecrets(key, connection, child, { address, reservation: proof });
    const reserved = { pool, address, reservationId, proof, secrets };
    const attached = { connection, child, gateway, tunnelMtu, ...reserved };
    const patch = injectionPatch(pod, { ...attached, vxlanPort, image });
    return { allowed: true, patch };
  }

  async #segmentKey(deadline: number): Promise<SegmentKey> {
    const { clusterKey } = this.#options;
    const limits = { deadline, maxMs: maxWaitMs };
    const key = await waitFor(() => clusterKey.current, clusterKey.changes, limits);
    if (key !== undefined) return key;
    throw new Denial(`no pod can be admitted yet: ${clusterKey.problem}`, 500);
  }

  /**
   * The child and the pool that a pod names. The wait for a connection that was applied together
   * with the pod takes as long if the connection exists for other namespaces only: an author
   * cannot distinguish the two.
   */
  async #target(pod: NewPod, namespace: string, deadline: number) {
    const { cluster, requireAllowedNamespaces } = this.#options;
    const { pool, ...named } = targetOf(pod);
    const find = () =>
      availableChild(cluster.desired.connections, named, namespace, { requireAllowedNamespaces });
    const limits = { deadline, maxMs: connectionWaitMs };
    const found = await waitFor(find, cluster.changes, limits);
    if (found === undefined) throw new Denial(unavailable(named, namespace));
    try {
      return { ...found, pool: poolWanted(pool, found.child) };
    } catch (error) {
      throw new Denial((error as Error).message);
    }
  }

  /**
   * The result of an earlier request for the same pod: after other webhooks, the API server
   * requests again. The reservation counts if the operator made it for this pod, the store still
   * has it, and no pod has or had the address by it.
   */
  #earlierResult(pod: NewPod, place: Place): AllocationResult | undefined {
    const { key, names, connection, child, pool } = place;
    const { annotations = {} } = pod.metadata;
    const proof = annotations[annotation.reservation];
    const address = parsePrefix(annotations[annotation.vxlanIp] ?? "");
    const reservationId = annotations[annotation.reservedAt];
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
    const isUsed = pods.some((other) => reservationOf(other) === reservation);
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
      { deadline, maxMs: maxWaitMs },
    );
    return isFree === true ? allocator.allocate(id, request) : result;
  }

  /** The pod with a certain address may end; any address, if replicas prefetched some. */
  #mayBecomeFree(id: string, { address, ordinal }: AddressRequest): boolean {
    if (address !== undefined || ordinal !== undefined) return true;
    const { pending } = this.#options.store.newest(id);
    return Object.values(pending).some(isPrefetched);
  }

  async #gateway(connection: Connection, child: Child, deadline: number): Promise<Address> {
    const { cluster } = this.#options;
    const find = () => cluster.gatewayAddress(connection, child);
    const address = await waitFor(find, cluster.changes, { deadline, maxMs: maxWaitMs });
    if (address !== undefined) return address;
    throw new Denial(
      `the gateway of ${connection.id}/${child.key} is not running yet; see kubectl describe ipsecconnection ${connection.id}`,
      429,
    );
  }

  /** The MTU that the agent reports; before its first report, one that fits in any case. */
  #tunnelMtu({ id, remoteAddress }: Connection, child: Child): number {
    const children = this.#options.cluster.object(id)?.status?.children ?? [];
    const reported = children.find(({ key }) => key === child.key)?.mtu;
    if (reported !== undefined) return reported;
    const path = { mtu: ethernetMtu, family: remoteAddress?.family, encapsulated: true };
    return innerMtu(path, suiteOfProposals(child.extra["esp_proposals"]));
  }
}

function codeOf({ unwritten, taken }: Extract<AllocationResult, { readonly ok: false }>): number {
  if (unwritten === true) return 500;
  return taken ? 429 : 403;
}
