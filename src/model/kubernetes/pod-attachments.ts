import { apiGroup } from "../api/schema/api-group.ts";
import { annotation } from "./labels.ts";
import type { Pod } from "./worker-pod.ts";

/** Annotations by their keys. */
export type Annotations = Readonly<Record<string, string>>;

/** One of a pod's attachments: a connection's child that the pod joins. */
export interface PodAttachment {
  readonly pod: Pod;
  /** The annotations that concern this attachment alone, whether the pod has them one by one or listed. */
  readonly annotations: Annotations;
}

/** The most attachments that a list holds: each has a device and a packet filter in the pod. */
export const mostListed = 8;

const prefix = `${apiGroup}/`;

/** The attachments in a pod's annotations. */
interface AttachmentListing {
  readonly attachments: readonly PodAttachment[];
  readonly unassigned: readonly PodAttachment[];
}

/** Memo of {@link read}: the object of a pod is immutable. */
const memo = new WeakMap<Pod, AttachmentListing>();

/**
 * The attachments that a pod has by its annotations: the one of the separate annotations, if it has
 * them, and those that the operator listed. Nothing in them is verified.
 */
export function attachmentsOf(pod: Pod): readonly PodAttachment[] {
  return listingOf(pod).attachments;
}

/** The attachments that a pod's author listed and for which the operator wrote no result. */
export function unassignedOf(pod: Pod): readonly PodAttachment[] {
  return listingOf(pod).unassigned;
}

/** The connections that a pod names in its attachments. */
export function connectionsOf(pod: Pod): ReadonlySet<string> {
  const names = attachmentsOf(pod).map((one) => one.annotations[annotation.connection] ?? "");
  return new Set(names);
}

function listingOf(pod: Pod): AttachmentListing {
  const listing = memo.get(pod) ?? read(pod);
  memo.set(pod, listing);
  return listing;
}

function read(pod: Pod): AttachmentListing {
  const { annotations = {} } = pod.metadata;
  const separate = annotation.connection in annotations ? [annotations] : [];
  const results = [...separate, ...readListed(annotations[annotation.attached])];
  const assigned = new Set(results.map(targetKey));
  const requests = readListed(annotations[annotation.attachments]);
  const attachment = (own: Annotations): PodAttachment => ({ pod, annotations: own });
  return {
    attachments: results.map(attachment),
    unassigned: requests.filter((own) => !assigned.has(targetKey(own))).map(attachment),
  };
}

function targetKey(annotations: Annotations): string {
  return JSON.stringify([annotations[annotation.connection], annotations[annotation.child]]);
}

/** Writes the annotations of attachments as a list. */
export function writeListed(attachments: readonly Annotations[]): string {
  const members = attachments.map((own) =>
    Object.fromEntries(Object.entries(own).map(([key, value]) => [shortKey(key), value])),
  );
  return JSON.stringify(members);
}

/**
 * Reads a list that {@link writeListed} or a pod's author wrote. Members that are not strings are
 * left out, and a list that is malformed or too long is empty.
 */
export function readListed(text: string | undefined): Annotations[] {
  const list = parsed(text ?? "[]");
  if (!Array.isArray(list) || list.length > mostListed) return [];
  return list.map((entry: unknown) => {
    const members = Object.entries(typeof entry === "object" && entry !== null ? entry : {});
    const texts = members.filter((member): member is [string, string] => {
      return typeof member[1] === "string";
    });
    return Object.fromEntries(texts.map(([name, value]) => [prefix + name, value]));
  });
}

function shortKey(key: string): string {
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
