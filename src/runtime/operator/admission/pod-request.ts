import type { AddressRequest } from "../../../model/addresses/allocation.ts";
import type { NewPod } from "../../../model/attach/pod-injection.ts";
import { annotation } from "../../../model/kubernetes/labels.ts";
import { Denial } from "./denial.ts";

/** The connection, child and pool that a pod's annotations name. */
export interface PodTarget {
  readonly connection: string;
  /** A key or a name. */
  readonly child: string;
  readonly pool: string;
}

/** @throws Denial if the pod cannot be a worker */
export function targetOf({ metadata: { annotations = {} }, spec }: NewPod): PodTarget {
  const read = (key: string) => {
    const value = annotations[key];
    if (value !== undefined && value !== "") return value;
    const required = [annotation.connection, annotation.child, annotation.pool].join(", ");
    throw new Denial(`metadata.annotations: ${key} is missing; a worker needs ${required}`);
  };
  const target = {
    connection: read(annotation.connection),
    child: read(annotation.child),
    pool: read(annotation.pool),
  };
  if (spec.hostNetwork !== true) return target;
  throw new Denial(
    "spec.hostNetwork: a pod on its node's network cannot be put behind a tunnel; leave hostNetwork out",
  );
}

/**
 * Which address of the pool a pod requests: any, one by its annotation, or that of its ordinal.
 *
 * @throws Denial if the pod has no ordinal
 */
export function requestedAddress({
  metadata: { annotations = {}, name = "" },
}: NewPod): Pick<AddressRequest, "address" | "ordinal"> {
  const address = annotations[annotation.address];
  if (address !== undefined) return { address };
  if (annotations[annotation.keepAddress] !== "true") return {};
  const ordinal = /-(\d+)$/.exec(name)?.[1];
  if (ordinal !== undefined) return { ordinal: Number(ordinal) };
  throw new Denial(
    `metadata.annotations: ${annotation.keepAddress} is for pods of a StatefulSet, whose names end in their ordinal`,
  );
}
