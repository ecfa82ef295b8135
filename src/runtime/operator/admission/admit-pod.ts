import type {
  AdmissionRequest,
  Verdict,
} from "../../../adapters/kubernetes/admission/admission-review.ts";
import type { ClusterKey } from "../../../adapters/kubernetes/cluster-key.ts";
import { admittedPod, reservationProof } from "../../../model/addresses/reservation.ts";
import type { AvailabilityRule } from "../../../model/api/availability.ts";
import {
  injectionPatch,
  type NewAttachment,
  type NewPod,
} from "../../../model/attach/pod-injection.ts";
import { requestedByItself } from "../../../model/attach/namespace-defaults.ts";
import { hasSeveralGroups } from "../../../model/api/group.ts";
import type { Image } from "../../../model/kubernetes/image.ts";
import type { Prefix } from "../../../model/net/prefix.ts";
import type { SegmentKey } from "../../../model/network/segment-key.ts";
import { workerSecrets } from "../../../model/network/segment.ts";
import { AttachmentTargets, type AttachmentTarget } from "./attachment-targets.ts";
import { deniedBy, Denial } from "./denial.ts";
import { requestsOf } from "./pod-request.ts";
import {
  PodReservations,
  type PodReservationsOptions,
  type ReservingPod,
} from "./pod-reservations.ts";
import { finishMs, waitFor } from "./wait-for.ts";

export interface PodAdmissionOptions extends AvailabilityRule, PodReservationsOptions {
  readonly clusterKey: Pick<ClusterKey, "current" | "changes" | "problem">;
  /** The image of the init container, which runs `ipman attach`. */
  readonly image: Image;
  readonly vxlanPort: number;
}

/** How long a request waits for the segment key. */
const keyWaitMs = 5_000;

/**
 * Makes annotated pods workers: each gets an address for each of its attachments, and an init
 * container that attaches it.
 */
export class PodAdmission {
  readonly #options: PodAdmissionOptions;
  readonly #targets: AttachmentTargets;
  readonly #reservations: PodReservations;

  constructor(options: PodAdmissionOptions) {
    this.#options = options;
    this.#targets = new AttachmentTargets(options.cluster, options);
    this.#reservations = new PodReservations(options);
  }

  /**
   * Admits a pod with annotations of its own.
   *
   * @param deadline of all waits together, in milliseconds of `performance.now()`
   */
  async admit(request: AdmissionRequest, deadline = Infinity): Promise<Verdict> {
    const own = requestedByItself(request.object as unknown as NewPod);
    if (!own.ok) return { allowed: false, message: deniedBy(own.problems), code: 403 };
    return this.attach(request, own.value, deadline);
  }

  /** Admits a pod with these annotations, whether they are its own or of its namespace. */
  async attach(request: AdmissionRequest, pod: NewPod, deadline: number): Promise<Verdict> {
    try {
      return await this.#attach(request, pod, deadline - finishMs);
    } catch (error) {
      if (!(error instanceof Denial)) throw error;
      return { allowed: false, message: error.message, code: error.code };
    }
  }

  async #attach(
    { namespace = "default", dryRun }: AdmissionRequest,
    pod: NewPod,
    deadline: number,
  ): Promise<Verdict> {
    const key = await this.#segmentKey(deadline);
    const targets = await this.#targets.find(requestsOf(pod), namespace, deadline);
    const gateways = await Promise.all(
      targets.map((target) => this.#targets.gateway(target, deadline)),
    );
    const names = { ...pod.metadata, namespace };
    const reserving = { key, names, isDryRun: dryRun === true };
    const reserved = await this.#reservations.reserve(targets, reserving, deadline);
    const [first, ...more] = targets.flatMap((target, i): NewAttachment[] => {
      const [gateway, result] = [gateways[i], reserved[i]];
      if (gateway === undefined || result === undefined) return [];
      const { address, reservationId = "" } = result;
      return [{ gateway, ...this.#attachment(target, reserving, { address, reservationId }) }];
    });
    if (first === undefined) throw new Error("a pod without attachments was to be admitted");
    const { image, vxlanPort } = this.#options;
    const patch = injectionPatch(pod, { attachments: [first, ...more], vxlanPort, image });
    return { allowed: true, patch };
  }

  #attachment(
    target: AttachmentTarget,
    { key, names }: ReservingPod,
    { address, reservationId }: { readonly address: Prefix; readonly reservationId: string },
  ): Omit<NewAttachment, "gateway"> {
    const { request, connection, child, pool } = target;
    const facts = { connection: connection.id, child: child.key, pool, address, reservationId };
    // A dry run reserves no address that a proof could be for.
    const isReserved = reservationId !== "";
    const proof = isReserved ? reservationProof(key, { ...admittedPod(names), ...facts }) : "";
    const tunnelMtu = this.#targets.tunnelMtu(target);
    const secrets = workerSecrets(key, connection, child, { address, reservation: proof });
    const reservation = { pool, address, reservationId, proof, secrets };
    const attachment = { listed: request.listed, connection, child, ...reservation, tunnelMtu };
    return hasSeveralGroups(connection) ? { ...attachment, severalGateways: true } : attachment;
  }

  async #segmentKey(deadline: number): Promise<SegmentKey> {
    const { clusterKey } = this.#options;
    const limits = { deadline, maxMs: keyWaitMs };
    const key = await waitFor(() => clusterKey.current, clusterKey.changes, limits);
    if (key !== undefined) return key;
    throw new Denial(`no pod can be admitted yet: ${clusterKey.problem}`, 500);
  }
}
