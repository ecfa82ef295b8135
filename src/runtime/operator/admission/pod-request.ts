import type { AddressRequest } from "../../../model/addresses/allocation.ts";
import { parseAttachments } from "../../../model/attach/attachment-requests.ts";
import type { NewPod } from "../../../model/attach/pod-injection.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { readListed, type Annotations } from "../../../model/kubernetes/pod-attachments.ts";
import { deniedBy, Denial } from "./denial.ts";

/** An attachment that a pod requests. */
export interface AttachmentRequest {
  readonly connection: string;
  /** A key or a name. */
  readonly child: string;
  readonly pool: string;
  /** The requested address; any, if both are undefined. */
  readonly wish: Pick<AddressRequest, "address" | "ordinal">;
  /** The annotations that request it, if the pod lists it; undefined for separate annotations. */
  readonly listed: Annotations | undefined;
  /** The place of the request: `ipman.dialo.ai/attachments[1]`. */
  readonly path: string;
  /** The annotations with the result of an earlier request for this pod, if there was one. */
  readonly earlier: Annotations;
}

const separate = [annotation.connection, annotation.child, annotation.pool] as const;

/**
 * The attachments that a pod requests, by separate annotations, by a list, or by both.
 *
 * @throws Denial if the pod cannot be a worker
 */
export function requestsOf(pod: NewPod): readonly AttachmentRequest[] {
  const { annotations = {} } = pod.metadata;
  const list = annotations[annotation.attachments];
  const isSeparate = list === undefined || separate.some((key) => annotations[key] !== undefined);
  const requests = [
    ...(isSeparate ? [separateRequest(pod, annotations)] : []),
    ...(list === undefined ? [] : listedRequests(pod, list)),
  ];
  if (!isSeparate) refuseStray(annotations);
  if (pod.spec.hostNetwork !== true) return requests;
  throw new Denial(
    "spec.hostNetwork: a pod on its node's network cannot be put behind a tunnel; leave hostNetwork out",
  );
}

function separateRequest(pod: NewPod, annotations: Annotations): AttachmentRequest {
  const read = (key: string) => {
    const value = annotations[key];
    if (value !== undefined && value !== "") return value;
    throw new Denial(
      `metadata.annotations: ${key} is missing; a worker needs ${separate.join(", ")}`,
    );
  };
  return {
    connection: read(annotation.connection),
    child: read(annotation.child),
    pool: read(annotation.pool),
    wish: requestedAddress(pod, annotations, annotation.keepAddress),
    listed: undefined,
    path: annotation.child,
    earlier: annotations,
  };
}

function listedRequests(pod: NewPod, list: string): AttachmentRequest[] {
  const parsed = parseAttachments(list);
  if (!parsed.ok) throw new Denial(deniedBy(parsed.problems));
  const earlier = readListed(pod.metadata.annotations?.[annotation.attached]);
  return parsed.value.map((listed, i) => {
    const path = `${annotation.attachments}[${i}]`;
    const { [annotation.connection]: connection = "", [annotation.child]: child = "" } = listed;
    const pool = listed[annotation.pool] ?? "";
    const wish = requestedAddress(pod, listed, `${path}.keepAddress`);
    return { connection, child, pool, wish, listed, path, earlier: earlier[i] ?? {} };
  });
}

/** Refuses annotations that request an address for separate annotations, which the pod lacks. */
function refuseStray(annotations: Annotations): void {
  const stray = [annotation.address, annotation.keepAddress].find((key) => key in annotations);
  if (stray === undefined) return;
  const member = stray.slice(stray.indexOf("/") + 1);
  throw new Denial(
    `metadata.annotations: ${stray} is for the attachment of ${separate.join(", ")}; write ${member} in an entry of ${annotation.attachments}`,
  );
}

/**
 * Which address of the pool an attachment requests: any, a certain one, or that of the pod's
 * ordinal.
 *
 * @throws Denial if the pod has no ordinal
 */
function requestedAddress(
  { metadata: { name = "" } }: NewPod,
  annotations: Annotations,
  field: string,
): AttachmentRequest["wish"] {
  const address = annotations[annotation.address];
  if (address !== undefined) return { address };
  if (annotations[annotation.keepAddress] !== "true") return {};
  const ordinal = /-(\d+)$/.exec(name)?.[1];
  if (ordinal !== undefined) return { ordinal: Number(ordinal) };
  throw new Denial(
    `metadata.annotations: ${field} is for pods of a StatefulSet, whose names end in their ordinal`,
  );
}
