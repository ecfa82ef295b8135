import {
  availableChild,
  unavailable,
  type AvailabilityRule,
} from "../../../model/api/availability.ts";
import type { Child, Connection } from "../../../model/api/connection.ts";
import { attachmentConflicts } from "../../../model/attach/attachment-conflicts.ts";
import type { Address } from "../../../model/net/address.ts";
import { innerMtu, suiteOfProposals } from "../../../model/network/mtu.ts";
import { poolWanted } from "../../host/attach-request.ts";
import type { Cluster } from "../state/cluster.ts";
import { deniedBy, Denial } from "./denial.ts";
import type { AttachmentRequest } from "./pod-request.ts";
import { waitFor } from "./wait-for.ts";

/** The declarations that a requested attachment names. */
export interface AttachmentTarget {
  readonly request: AttachmentRequest;
  readonly connection: Connection;
  readonly child: Child;
  readonly pool: string;
}

/** How long a request waits for a gateway. */
const gatewayWaitMs = 5_000;

/** How long a request waits for a connection that was applied together with the pod. */
const connectionWaitMs = 1_000;

const ethernetMtu = 1500;

/** Finds the connections, children, pools and gateways that pods request. */
export class AttachmentTargets {
  readonly #cluster: Cluster;
  readonly #rule: AvailabilityRule;

  constructor(cluster: Cluster, rule: AvailabilityRule) {
    this.#cluster = cluster;
    this.#rule = rule;
  }

  /**
   * The targets of all attachments of a pod.
   *
   * @param deadline of all waits, in milliseconds of `performance.now()`
   * @throws Denial if one does not exist, or if the pod cannot join them together
   */
  async find(
    requests: readonly AttachmentRequest[],
    namespace: string,
    deadline: number,
  ): Promise<readonly AttachmentTarget[]> {
    const targets = await Promise.all(
      requests.map((request) => this.#find(request, namespace, deadline)),
    );
    const conflicts = attachmentConflicts(
      targets.map(({ request: { path }, ...target }) => ({ path, ...target })),
    );
    if (conflicts.length === 0) return targets;
    throw new Denial(deniedBy(conflicts));
  }

  /** @throws Denial if the gateway does not run before the deadline */
  async gateway({ connection, child }: AttachmentTarget, deadline: number): Promise<Address> {
    const find = () => this.#cluster.gatewayAddress(connection, child);
    const limits = { deadline, maxMs: gatewayWaitMs };
    // Another path may become active meanwhile, which a status reports.
    const address = await waitFor(find, this.#cluster.touched, limits);
    if (address !== undefined) return address;
    throw new Denial(
      `the gateway of ${connection.id}/${child.key} is not running yet; see kubectl describe ipsecconnection ${connection.id}`,
      429,
    );
  }

  /** The MTU that the agent reports; before its first report, one that fits in any case. */
  tunnelMtu({ connection: { id, remoteAddress }, child }: AttachmentTarget): number {
    const children = this.#cluster.object(id)?.status?.children ?? [];
    const reported = children.find(({ key }) => key === child.key)?.mtu;
    if (reported !== undefined) return reported;
    const path = { mtu: ethernetMtu, family: remoteAddress?.family, encapsulated: true };
    return innerMtu(path, suiteOfProposals(child.extra["esp_proposals"]));
  }

  /**
   * The child and the pool that a request names. The wait for a connection that was applied together
   * with the pod takes as long if the connection exists for other namespaces only: an author
   * cannot distinguish the two.
   */
  async #find(
    request: AttachmentRequest,
    namespace: string,
    deadline: number,
  ): Promise<AttachmentTarget> {
    const cluster = this.#cluster;
    const find = () => availableChild(cluster.desired.connections, request, namespace, this.#rule);
    const found = await waitFor(find, cluster.changes, { deadline, maxMs: connectionWaitMs });
    if (found === undefined) throw new Denial(located(request, unavailable(request, namespace)));
    try {
      return { request, ...found, pool: poolWanted(request.pool, found.child) };
    } catch (error) {
      throw new Denial(located(request, (error as Error).message, ".poolName"));
    }
  }
}

/** A message with the entry of the list that it concerns, if the pod has a list. */
export function located({ listed, path }: AttachmentRequest, message: string, member = ""): string {
  return listed === undefined ? message : `metadata.annotations: ${path}${member}: ${message}`;
}
