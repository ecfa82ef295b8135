import { formatAddress, parseAddress, sameAddress } from "../net/address.ts";
import { mayUse, unavailable } from "../api/availability.ts";
import { findChild, type Child, type Connection } from "../api/connection.ts";
import { isOfPool } from "./pool.ts";
import type { Gateway, Worker } from "../network/endpoint.ts";
import { underlayIn, podAddresses, type PodAddresses } from "../kubernetes/pod-addresses.ts";
import { annotation, severalGatewaysVersion } from "../kubernetes/labels.ts";
import { isProvenAddress } from "./proven-address.ts";
import type { SegmentKey } from "../network/segment-key.ts";
import { heldAddressOf, type HeldAddress } from "../kubernetes/held-address.ts";
import { attachmentsOf, unassignedOf, type PodAttachment } from "../kubernetes/pod-attachments.ts";
import type { Pod } from "../kubernetes/worker-pod.ts";

/** A pod that has the annotations of a worker and is not accepted as one, in one attachment. */
export interface RefusedPod {
  readonly pod: Pod;
  /** The connection that it names. */
  readonly connection?: string;
  /** Why, for the pod's author. */
  readonly why: string;
}

/** The workers among pods, and the pods that were refused. */
export interface Workers {
  readonly workers: readonly Worker[];
  readonly refused: readonly RefusedPod[];
}

/** An attachment that passed every check that concerns it alone. */
interface Candidate {
  readonly attachment: PodAttachment;
  readonly worker: Worker;
  /** Identifies the address within the child: each can have one worker. */
  readonly slot: string;
}

/** The claims of an attachment's annotations, and the declarations that they name. */
interface AddressClaim {
  readonly attachment: PodAttachment;
  readonly connection: Connection;
  readonly child: Child;
  readonly heldAddress: HeldAddress;
  readonly addresses: PodAddresses | undefined;
}

/** Finds the gateway of a worker, if it is known. */
export type GatewayOf = (worker: Worker) => Pick<Gateway, "underlay"> | undefined;

/**
 * Finds the workers among pods: those whose annotations are valid by the declared connections and
 * the segment key. A pod with several attachments is a worker for each that is valid. If several
 * pods have the same address of a child, the oldest keeps it. A worker is the same object while its
 * pod and its connection are the same.
 */
export function workersOf(
  pods: Iterable<Pod>,
  connections: ReadonlyMap<string, Connection>,
  key: SegmentKey,
  gatewayOf: GatewayOf = () => undefined,
): Workers {
  const refused: RefusedPod[] = [];
  const refuse = (attachment: PodAttachment, why: string) => {
    const { [annotation.connection]: connection = "" } = attachment.annotations;
    refused.push({ pod: attachment.pod, connection, why: aboutAttachment(attachment, why) });
  };
  const candidates = new Map<string, Candidate>();
  for (const pod of pods) {
    for (const attachment of attachmentsOf(pod)) {
      const connection = connections.get(attachment.annotations[annotation.connection] ?? "");
      const judged = connection && judge(attachment, connection, key);
      if (judged === undefined) continue;
      if ("why" in judged) refuse(attachment, judged.why);
      else {
        const loser = admit(candidates, judged);
        if (loser !== undefined) refuse(loser.attachment, taken(loser));
      }
    }
    for (const request of unassignedOf(pod))
      if (connections.has(request.annotations[annotation.connection] ?? ""))
        refuse(request, unassigned);
  }
  const workers = [...candidates.values()].flatMap((candidate) => {
    const { attachment, worker } = candidate;
    const why = familyProblem(candidate, gatewayOf(worker));
    if (why !== undefined) refuse(attachment, why);
    return why === undefined ? [worker] : [];
  });
  return { workers, refused };
}

const unassigned = `it has no address, since the pod was admitted by a version of ipman that does not read ${annotation.attachments}; create the pod again`;

/** Names the attachment of a pod that lists several. */
function aboutAttachment({ pod, annotations }: PodAttachment, why: string): string {
  if (pod.metadata.annotations?.[annotation.attachments] === undefined) return why;
  const [connection, child] = [annotation.connection, annotation.child].map((key) => {
    return annotations[key] ?? "";
  });
  return `attachment ${connection}/${child}: ${why}`;
}

/**
 * A segment uses one family on the pod network: that of its gateway's first address. A worker's
 * device uses the family that the gateway had when the pod was admitted.
 */
function familyProblem({ attachment, worker }: Candidate, gateway: ReturnType<GatewayOf>) {
  const family = gateway?.underlay.family;
  if (family === undefined) return undefined;
  if (underlayIn(worker, family) === undefined) {
    const own = worker.underlay.family;
    return `the pod has an IPv${own} address only, and its gateway is reached by IPv${family}; give the pod an IPv${family} address (a dual-stack pod network) and create it again, or run the gateway on a node whose first address is IPv${own}`;
  }
  const admitted = parseAddress(attachment.annotations[annotation.xfrmUnderlyingIp] ?? "");
  if (admitted === undefined || admitted.family === family) return undefined;
  return `the pod was attached by IPv${admitted.family}, and its gateway has moved and is reached by IPv${family}; create the pod again, or run the gateway on a node whose first address is IPv${admitted.family}`;
}

/** @returns the younger of two candidates for one address */
function admit(candidates: Map<string, Candidate>, candidate: Candidate): Candidate | undefined {
  const rival = candidates.get(candidate.slot);
  if (rival !== undefined && isOlder(rival.attachment.pod, candidate.attachment.pod))
    return candidate;
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

type AttachmentVerdict = Candidate | { readonly why: string } | undefined;

interface Judgement {
  readonly connection: Connection;
  readonly key: SegmentKey;
  readonly judged: AttachmentVerdict;
}

/** Memo of {@link judgeUnknown}: attachments and connections are immutable. */
const memo = new WeakMap<PodAttachment, Judgement>();

function judge(
  attachment: PodAttachment,
  connection: Connection,
  key: SegmentKey,
): AttachmentVerdict {
  const before = memo.get(attachment);
  if (before?.connection === connection && before.key === key) return before.judged;
  const judged = judgeUnknown(attachment, connection, key);
  memo.set(attachment, { connection, key, judged });
  return judged;
}

/** Undefined if a pod has no address on the pod network yet. */
function judgeUnknown(
  attachment: PodAttachment,
  connection: Connection,
  key: SegmentKey,
): AttachmentVerdict {
  const { pod, annotations } = attachment;
  const { namespace = "default", name } = pod.metadata;
  const addresses = podAddresses(pod);
  if (addresses === undefined && (pod.status?.podIP ?? "") === "") return undefined;
  const childName = annotations[annotation.child] ?? "";
  const child = findChild(connection, childName);
  // Without allowedNamespaces, the operator decided when it admitted the pod.
  const isAllowed = mayUse(connection, namespace, { requireAllowedNamespaces: false });
  if (child === undefined || !isAllowed) {
    return { why: unavailable({ connection: connection.id, child: childName }, namespace) };
  }
  const heldAddress = heldAddressOf(attachment);
  if (heldAddress === undefined) return { why: `${annotation.vxlanIp} is not an address` };
  const claim = { attachment, connection, child, heldAddress, addresses };
  const why = claimProblem(claim, key);
  if (why !== undefined || addresses === undefined) return { why: why ?? "" };
  const { pool, address } = heldAddress;
  const reservation = annotations[annotation.reservation] ?? "";
  const place = { connection: connection.id, child: child.key, pool };
  const worker: Worker = {
    id: `${namespace}/${name}`,
    ...place,
    address,
    ...addresses,
    reservation,
    ...(annotations[annotation.segmentVersion] === severalGatewaysVersion && {
      severalGateways: true,
    }),
  };
  const text = formatAddress(address.address);
  return { attachment, worker, slot: JSON.stringify([connection.id, child.key, text]) };
}

/** The first reason for which a claim does not hold. */
function claimProblem(claim: AddressClaim, key: SegmentKey): string | undefined {
  const { attachment, child, heldAddress, addresses } = claim;
  const { address } = heldAddress.address;
  const text = formatAddress(address);
  if (addresses === undefined)
    return `status.podIP "${attachment.pod.status?.podIP}" is not an address`;
  if (!child.pools.has(heldAddress.pool))
    return `child ${child.key} has no pool "${heldAddress.pool}"`;
  if (!isOfPool(child, heldAddress.pool, address)) {
    return `${text} is not an address of pool "${heldAddress.pool}"`;
  }
  if ([child.xfrmIp, child.vxlanIp].some((own) => sameAddress(own.address, address))) {
    return `${text} is the gateway's own address`;
  }
  if (!isProvenAddress(attachment, heldAddress, claim, key)) {
    return `${annotation.reservation} does not prove that ipman reserved ${text} for this pod; create the pod again, by its own template`;
  }
  return undefined;
}
