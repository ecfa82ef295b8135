import { findChild, type Connection } from "../api/connection.ts";
import { formatAddress } from "../net/address.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { annotation } from "./labels.ts";
import { attachmentsOf, type PodAttachment } from "./pod-attachments.ts";
import type { Pod } from "./worker-pod.ts";

/** The address that a pod holds for an attachment until the pod has ended, by its annotations. */
export interface HeldAddress {
  readonly pod: Pod;
  readonly connection: string;
  /** A key or a name. */
  readonly child: string;
  readonly pool: string;
  readonly address: Prefix;
}

/** Memo of {@link readHeldAddress}: the annotations of an attachment are immutable. */
const memo = new WeakMap<PodAttachment, { readonly heldAddress: HeldAddress | undefined }>();

/** The address that a pod holds for an attachment; undefined if the annotations are incomplete. */
export function heldAddressOf(attachment: PodAttachment): HeldAddress | undefined {
  const read = memo.get(attachment);
  if (read !== undefined) return read.heldAddress;
  const heldAddress = readHeldAddress(attachment);
  memo.set(attachment, { heldAddress });
  return heldAddress;
}

function readHeldAddress({ pod, annotations }: PodAttachment): HeldAddress | undefined {
  const connection = annotations[annotation.connection];
  const child = annotations[annotation.child];
  const address = parsePrefix(annotations[annotation.vxlanIp] ?? "");
  if (connection === undefined || child === undefined || address === undefined) return undefined;
  return { pod, connection, child, pool: annotations[annotation.pool] ?? "", address };
}

/** The addresses that pods hold. */
export function heldAddressesOf(pods: Iterable<Pod>): HeldAddress[] {
  return [...pods].flatMap(attachmentsOf).flatMap((attachment) => heldAddressOf(attachment) ?? []);
}

/** The addresses that pods of a connection hold, by the child's key: address → pod. */
export function usedAddresses(
  connection: Connection,
  pods: Iterable<Pod>,
): Map<string, Map<string, string>> {
  const used = new Map<string, Map<string, string>>();
  for (const held of heldAddressesOf(pods)) {
    if (held.connection !== connection.id) continue;
    const child = findChild(connection, held.child);
    if (child === undefined) continue;
    const ofChild = used.get(child.key) ?? new Map<string, string>();
    const { namespace = "default", name } = held.pod.metadata;
    ofChild.set(formatAddress(held.address.address), `pod ${namespace}/${name}`);
    used.set(child.key, ofChild);
  }
  return used;
}
