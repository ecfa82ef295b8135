import { filter, firstValueFrom, map, startWith, timeout, type Observable } from "rxjs";
import type {
  AdmissionRequest,
  Verdict,
} from "../../../adapters/kubernetes/admission/admission-review.ts";
import type { ClusterKey } from "../../../adapters/kubernetes/cluster-key.ts";
import { formatAddress, type Address } from "../../../model/net/address.ts";
import type { AddressRequest } from "../../../model/addresses/allocation.ts";
import {
  availableChild,
  unavailable,
  type AvailabilityRule,
} from "../../../model/api/availability.ts";
import type { Child, Connection } from "../../../model/api/connection.ts";
import type { Image } from "../../../model/kubernetes/image.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { innerMtu, suiteOfProposals } from "../../../model/network/mtu.ts";
import { injectionPatch, type NewPod } from "../../../model/attach/pod-injection.ts";
import { parsePrefix } from "../../../model/net/prefix.ts";
import { workerSecrets } from "../../../model/network/segment.ts";
import type { SegmentKey } from "../../../model/network/segment-key.ts";
import type { Settled } from "../../../machines/allocation.ts";
import {
  admittedPod,
  isPrefetched,
  isReservationProof,
  reservationProof,
  reservationKey,
  type PodNames,
} from "../../../model/addresses/reservation.ts";
import { reservationOf } from "../../../model/addresses/seen-reservations.ts";
import { poolWanted } from "../../host/attach-request.ts";
import type { Allocator } from "../addresses/allocator.ts";
import type { ReservationStore } from "../addresses/reservation-store.ts";
import type { Cluster } from "../state/cluster.ts";
import type { ReservationAges } from "../addresses/reservation-ages.ts";

export interface PodAdmissionOptions extends AvailabilityRule {
  readonly cluster: Cluster;
  readonly allocator: Allocator;
  readonly store: ReservationStore;
  readonly ages: Pick<ReservationAges, "hasEnded">;
  readonly clusterKey: Pick<ClusterKey, "current" | "changes" | "problem">;
  /** The image with `ipman attach`. */
  readonly image: Image;
  readonly vxlanPort: number;
}

/** How long a pod is kept waiting for a gateway, or an address, that is about to be there. */
const patienceMs = 5_000;

/** Before the deadline of a request, for what is done after the last wait. */
const finishMs = 250;

/** For a connection that was applied in one go with the pod, and is heard of a moment later. */
const newsMs = 1_000;

const ethernetMtu = 1500;

/** What is refused, with the words for who asked. */
class Denial extends Error {
  readonly code: number;

  constructor(message: string, code = 403) {
    super(message);
    this.code = code;
  }
}

/** What a pod asks for, and by what its reservation is verified. */
interface Asked {
  readonly key: SegmentKey;
  readonly names: PodNames;
  readonly connection: Connection;
  readonly child: Child;
  readonly pool: string;
}

/** Makes annotated pods into workers: an address, and an init container that attaches them. */
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
    const { connection, child, pool } = await this.#wanted(pod, namespace, deadline);
    const gateway = await this.#gateway(connection, child, deadline);
    const addressRequest = { ...this.#addressRequest(pod, child, pool), namespace };
    const names = { ...pod.metadata, namespace };
    const result =
      this.#reservedBefore(pod, { key, names, connection, child, pool }) ??
      (await this.#address(connection, addressRequest, dryRun === true, deadline));
    if (!result.ok) {
      throw new Denial(`${connection.id}/${child.key}: ${result.message}`, codeOf(result));
    }
    const { image, vxlanPort } = this.#options;
    const { address, reservationId = "" } = result;
    const facts = { connection: connection.id, child: child.key, pool, address, reservationId };
    // A dry run reserves nothing, and there is nothing to prove.
    const isReserved = reservationId !== "";
    const proof = isReserved ? reservationProof(key, { ...admittedPod(names), ...facts }) : "";
    const tunnelMtu = this.#tunnelMtu(connection, child);
    const secrets = workerSecrets(key, connection, child, { address, reservation: proof });
    const reserved = { pool, address, reservationId, proof, secrets };
    const given = { connection, child, gateway, tunnelMtu, ...reserved };
    const patch = injectionPatch(pod, { ...given, vxlanPort, image });
    return { allowed: true, patch };
  }

  async #segmentKey(deadline: number): Promise<SegmentKey> {
    const { clusterKey } = this.#options;
    const key = await this.#until(() => clusterKey.current, clusterKey.changes, deadline);
    if (key !== undefined) return key;
    throw new Denial(`no pod can be admitted yet: ${clusterKey.problem}`, 500);
  }

  /**
   * The child and the pool that a pod asks for. Waits a moment for a connection that was applied
   * in one go with the pod, and as long where it is there for others: nothing tells the two apart.
   */
  async #wanted(pod: NewPod, namespace: string, deadline: number) {
    const { cluster, requireAllowedNamespaces } = this.#options;
    const { pool, ...named } = namedBy(pod);
    const find = () =>
      availableChild(cluster.desired.connections, named, namespace, { requireAllowedNamespaces });
    const found = await this.#until(find, cluster.changes, deadline, newsMs);
    if (found === undefined) throw new Denial(unavailable(named, namespace));
    try {
      return { ...found, pool: poolWanted(pool, found.child) };
    } catch (error) {
      throw new Denial((error as Error).message);
    }
  }

  #addressRequest(pod: NewPod, child: Child, pool: string): Omit<AddressRequest, "namespace"> {
    const { annotations = {}, name = "" } = pod.metadata;
    const address = annotations[annotation.address];
    if (address !== undefined) return { child, pool, address };
    if (annotations[annotation.keepAddress] !== "true") return { child, pool };
    const ordinal = /-(\d+)$/.exec(name)?.[1];
    if (ordinal !== undefined) return { child, pool, ordinal: Number(ordinal) };
    throw new Denial(
      `metadata.annotations: ${annotation.keepAddress} is for pods of a StatefulSet, whose names end in their ordinal`,
    );
  }

  /**
   * The reservation of a request that comes again for one pod, as the API server does after
   * other webhooks: the operator made it for this pod, stores it still, and no pod has or had it.
   */
  #reservedBefore(pod: NewPod, asked: Asked): Settled | undefined {
    const { key, names, connection, child, pool } = asked;
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
    const isHeld = pods.some((other) => reservationOf(other) === reservation);
    return isHeld ? undefined : { ok: true, address, reservationId };
  }

  /** What is taken may be about to be free. */
  async #address(
    connection: Connection,
    addressRequest: AddressRequest,
    dryRun: boolean,
    deadline: number,
  ): Promise<Settled> {
    const { allocator, cluster } = this.#options;
    if (dryRun) return allocator.tried(connection.id, addressRequest);
    const result = await allocator.allocate(connection.id, addressRequest);
    if (result.ok || !result.taken || !this.#mayBeFree(connection, addressRequest)) return result;
    const freed = await this.#until(
      () => {
        if (allocator.tried(connection.id, addressRequest).ok) return true;
        return this.#mayBeFree(connection, addressRequest) ? undefined : false;
      },
      cluster.touched,
      deadline,
    );
    return freed === true ? allocator.allocate(connection.id, addressRequest) : result;
  }

  /** A single address may be of a pod that ends; any, what a replica reserved for nobody yet. */
  #mayBeFree({ id }: Connection, addressRequest: AddressRequest): boolean {
    if (addressRequest.address !== undefined || addressRequest.ordinal !== undefined) return true;
    const { pending } = this.#options.store.newest(id);
    return Object.values(pending).some(isPrefetched);
  }

  async #gateway(connection: Connection, child: Child, deadline: number): Promise<Address> {
    const { cluster } = this.#options;
    const find = () => cluster.gatewayAddress(connection, child);
    const address = await this.#until(find, cluster.changes, deadline);
    if (address !== undefined) return address;
    throw new Denial(
      `the gateway of ${connection.id}/${child.key} is not running yet; see kubectl describe ipsecconnection ${connection.id}`,
      429,
    );
  }

  async #until<T>(
    look: () => T | undefined,
    changes: Observable<unknown>,
    deadline: number,
    mostMs = patienceMs,
  ): Promise<T | undefined> {
    const now = look();
    const leftMs = Math.min(mostMs, deadline - performance.now());
    if (now !== undefined || leftMs <= 0) return now;
    return firstValueFrom(
      changes.pipe(
        startWith(undefined),
        map(look),
        filter((found) => found !== undefined),
        timeout({ first: leftMs }),
      ),
    ).catch(() => undefined);
  }

  /** As the agent found it; before it did, what fits in any case. */
  #tunnelMtu({ id, remoteAddress }: Connection, child: Child): number {
    const children = this.#options.cluster.object(id)?.status?.children ?? [];
    const known = children.find(({ key }) => key === child.key)?.mtu;
    if (known !== undefined) return known;
    const path = { mtu: ethernetMtu, family: remoteAddress?.family, encapsulated: true };
    return innerMtu(path, suiteOfProposals(child.extra["esp_proposals"]));
  }
}

/** The connection, child and pool that a pod's annotations name. */
function namedBy({ metadata: { annotations = {} }, spec }: NewPod) {
  const read = (key: string) => {
    const value = annotations[key];
    if (value !== undefined && value !== "") return value;
    const all = [annotation.connection, annotation.child, annotation.pool].join(", ");
    throw new Denial(`metadata.annotations: ${key} is missing; a worker needs ${all}`);
  };
  const named = { connection: read(annotation.connection), child: read(annotation.child) };
  const pool = read(annotation.pool);
  if (spec.hostNetwork !== true) return { ...named, pool };
  throw new Denial("spec.hostNetwork: a pod on its node's network cannot be put behind a tunnel");
}

function codeOf({ unwritten, taken }: Extract<Settled, { readonly ok: false }>): number {
  if (unwritten === true) return 500;
  return taken ? 429 : 403;
}
