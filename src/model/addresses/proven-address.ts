import { findChild, type Child, type Connection } from "../api/connection.ts";
import { heldAddressOf, type HeldAddress } from "../kubernetes/held-address.ts";
import { annotation } from "../kubernetes/labels.ts";
import { attachmentsOf, type PodAttachment } from "../kubernetes/pod-attachments.ts";
import type { Pod } from "../kubernetes/worker-pod.ts";
import { sameAddress, type Address } from "../net/address.ts";
import type { SegmentKey } from "../network/segment-key.ts";
import { isReservationProof } from "./reservation.ts";

/** Whether the annotations of an attachment prove that ipman reserved its address for the pod. */
export function isProvenAddress(
  { pod, annotations }: PodAttachment,
  { pool, address }: HeldAddress,
  { connection, child }: { readonly connection: Connection; readonly child: Child },
  key: SegmentKey,
): boolean {
  return isReservationProof(annotations[annotation.reservation] ?? "", key, pod.metadata, {
    connection: connection.id,
    child: child.key,
    pool,
    address,
    reservationId: annotations[annotation.reservedAt] ?? "",
  });
}

/** Whether ipman reserved an address of a child for one of these pods. */
export function isProvenOfPods(
  address: Address,
  pods: Iterable<Pod>,
  place: { readonly connection: Connection; readonly child: Child },
  key: SegmentKey,
): boolean {
  return [...pods].flatMap(attachmentsOf).some((attachment) => {
    const held = heldAddressOf(attachment);
    if (held?.connection !== place.connection.id) return false;
    if (findChild(place.connection, held.child) !== place.child) return false;
    const isSame = sameAddress(held.address.address, address);
    return isSame && isProvenAddress(attachment, held, place, key);
  });
}
