import { formatAddress, parseAddress, sameAddress } from "../net/address.ts";
import { mayUse, unavailable } from "../api/availability.ts";
import { findChild, type Child, type Connection } from "../api/connection.ts";
import { isOfPool } from "./pool.ts";
import type { Gateway, Worker } from "../network/endpoint.ts";
import { underlayIn, podAddresses, type PodAddresses } from "../kubernetes/pod-addresses.ts";
import { annotation } from "../kubernetes/labels.ts";
import { isReservationProof } from "./reservation.ts";
import type { SegmentKey } from "../network/segment-key.ts";
import { heldAddressOf, type HeldAddress, type Pod } from "../kubernetes/worker-pod.ts";

/** A pod that has the annotations of a worker and is not accepted as one. */
export interface RefusedPod {
  readonly pod: Pod;
  /** Why, for the pod's author. */
  readonly why: string;
}

/** The workers among pods, and the pods that were refused. */
export interface Workers {
  readonly workers: readonly Worker[];
  readonly refused: readonly RefusedPod[];
}

/** A pod that passed every check that concerns it alone. */
interface Candidate {
  readonly pod: Pod;
  readonly worker: Worker;
  /** Identifies the address within the child: each can have one worker. */
  readonly slot: string;
}

/** The claims of a pod's annotations, and the declarations that they name. */
interface AddressClaim {
  readonly pod: Pod;
  readonly namespace: string;
  readonly connection: Connection;
  readonly child: Child;
  readonly heldAddress: HeldAddress;
  readonly addresses: PodAddresses | undefined;
}

/** Finds the gateway of a worker, if it is known. */
export type GatewayOf = (worker: Worker) => Pick<Gateway, "underlay"> | undefined;

/**
 * Finds the workers among pods: those whose annotations are valid by the declared connections and
 * the segment key. If several pods have the same address of a child, the oldest keeps it. A worker is
 * the same object while its pod and its connection are the same.
 */
export function workersOf(
  pods: Iterable<Pod>,
  connections: ReadonlyMap<string, Connection>,
  key: SegmentKey,
  gatewayOf: GatewayOf = () => undefined,
): Workers {
  const refused: RefusedPod[] = [];
  const candidates = new Map<string, Candidate>();
  for (const pod of pods) {
    const connection = connections.get(pod.metadata.annotations?.[annotation.connection] ?? "");
    if (connection === undefined) continue;
    const judged = judge(pod, connection, key);
    if (judged === undefined) continue;
    if ("why" in judged) refused.push(judged);
    else {
      const loser = admit(candidates, judged);
      if (loser !== undefined) refused.push({ pod: loser.pod, why: taken(loser) });
    }
  }
  const workers = [...candidates.values()].flatMap((candidate) => {
    const { pod, worker } = candidate;
    const why = familyProblem(candidate, gatewayOf(worker));
    if (why !== undefined) refused.push({ pod, why });
    return why === undefined ? [worker] : [];
  });
  return { workers, refused };
}

/**
 * A segment uses one family on the pod network: that of its gateway's first address. A worker's
 * device uses the family that the gateway had when the pod was admitted.
 */
function familyProblem({ pod, worker }: Candidate, gateway: ReturnType<GatewayOf>) {
  const family = gateway?.underlay.family;
  if (family === undefined) return undefined;
  if (underlayIn(worker, family) === undefined) {
    const own = worker.underlay.family;
    return `the pod has an IPv${own} address only, and its gateway is reached by IPv${family}; give the pod an IPv${family} address (a dual-stack pod network) and create it again, or run the gateway on a node whose first address is IPv${own}`;
  }
  const admitted = parseAddress(pod.metadata.annotations?.[annotation.xfrmUnderlyingIp] ?? "");
  if (admitted === undefined || admitted.family === family) return undefined;
  return `the pod was attached by IPv${admitted.family}, and its gateway has moved and is reached by IPv${family}; create the pod again, or run the gateway on a node whose first address is IPv${admitted.family}`;
}

/** @returns the younger of two candidates for one address */
function admit(candidates: Map<string, Candidate>, candidate: Candidate): Candidate | undefined {
  const rival = candidates.get(candidate.slot);
  if (rival !== undefined && isOlder(rival.pod, candidate.pod)) return candidate;
  candidates.set(candidate.slot, candidate);
  return rival;
}

function isOlder(a: Pod, b: Pod): boolean {
  const [left, right] = [a.metadata, b.metadata].map(({ creationTimestamp = "", uid = "" }) => ({
    creationTimestamp,
    uid,
  })) as [Age, Age];
  if (left.creationTimestamp === right.creationTimestamp) return left.uid < right.uid;
  return left.creationTimestamp < right.creationTimestamp;
}

interface Age {
  readonly creationTimestamp: string;
  readonly uid: string;
}

function taken({ worker }: Candidate): string {
  return `${formatAddress(worker.address.address)} is taken by an older pod`;
}

type PodVerdict = Candidate | RefusedPod | undefined;

/** Memo of {@link judgeUnknown}: pods and connections are immutable. */
const memo = new WeakMap<Pod, { connection: Connection; key: SegmentKey; judged: PodVerdict }>();

function judge(pod: Pod, connection: Connection, key: SegmentKey): PodVerdict {
  const before = memo.get(pod);
  if (before?.connection === connection && before.key === key) return before.judged;
  const judged = judgeUnknown(pod, connection, key);
  memo.set(pod, { connection, key, judged });
  return judged;
}

/** Undefined if a pod has no address on the pod network yet. */
function judgeUnknown(pod: Pod, connection: Connection, key: SegmentKey): PodVerdict {
  const { namespace = "default", name, annotations = {} } = pod.metadata;
  const addresses = podAddresses(pod);
  if (addresses === undefined && (pod.status?.podIP ?? "") === "") return undefined;
  const childName = annotations[annotation.child] ?? "";
  const child = findChild(connection, childName);
  // Without allowedNamespaces, the operator decided when it admitted the pod.
  const isAllowed = mayUse(connection, namespace, { requireAllowedNamespaces: false });
  if (child === undefined || !isAllowed) {
    return { pod, why: unavailable({ connection: connection.id, child: childName }, namespace) };
  }
  const heldAddress = heldAddressOf(pod);
  if (heldAddress === undefined) return { pod, why: `${annotation.vxlanIp} is not an address` };
  const claim = { pod, namespace, connection, child, heldAddress, addresses };
  const why = claimProblem(claim, key);
  if (why !== undefined || addresses === undefined) return { pod, why: why ?? "" };
  const { pool, address } = heldAddress;
  const reservation = annotations[annotation.reservation] ?? "";
  const place = { connection: connection.id, child: child.key, pool };
  const worker = { id: `${namespace}/${name}`, ...place, address, ...addresses, reservation };
  const text = formatAddress(address.address);
  return { pod, worker, slot: JSON.stringify([connection.id, child.key, text]) };
}

/** The first reason for which a claim does not hold. */
function claimProblem(claim: AddressClaim, key: SegmentKey): string | undefined {
  const { pod, child, heldAddress, addresses } = claim;
  const { address } = heldAddress.address;
  const text = formatAddress(address);
  if (addresses === undefined) return `status.podIP "${pod.status?.podIP}" is not an address`;
  if (!child.pools.has(heldAddress.pool))
    return `child ${child.key} has no pool "${heldAddress.pool}"`;
  if (!isOfPool(child, heldAddress.pool, address)) {
    return `${text} is not an address of pool "${heldAddress.pool}"`;
  }
  if ([child.xfrmIp, child.vxlanIp].some((own) => sameAddress(own.address, address))) {
    return `${text} is the gateway's own address`;
  }
  if (!isProven(claim, key)) {
    return `${annotation.reservation} does not prove that ipman reserved ${text} for this pod; create the pod again, by its own template`;
  }
  return undefined;
}

function isProven({ pod, connection, child, heldAddress }: AddressClaim, key: SegmentKey): boolean {
  const { annotations = {} } = pod.metadata;
  const proof = annotations[annotation.reservation] ?? "";
  return isReservationProof(proof, key, pod.metadata, {
    connection: connection.id,
    child: child.key,
    pool: heldAddress.pool,
    address: heldAddress.address,
    reservationId: annotations[annotation.reservedAt] ?? "",
  });
}
