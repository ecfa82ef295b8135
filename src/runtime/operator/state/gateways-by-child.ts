import { childRefKey } from "../../../model/api/child-ref.ts";
import { digestOf } from "../../../model/api/group.ts";
import { annotation, label } from "../../../model/kubernetes/labels.ts";
import {
  podAddresses,
  underlayIn,
  type PodAddresses,
} from "../../../model/kubernetes/pod-addresses.ts";
import type { Pod } from "../../../model/kubernetes/worker-pod.ts";
import type { Address, Family } from "../../../model/net/address.ts";

/** A gateway pod that runs. */
interface GatewayAddress {
  readonly addresses: PodAddresses;
  /** The value of the label that identifies its group. */
  readonly group: string | undefined;
}

/** The gateways of each child, by the key of its reference. */
export type GatewaysByChild = ReadonlyMap<string, readonly GatewayAddress[]>;

/** The gateways among pods. */
export function gatewaysByChild(pods: Iterable<Pod>): GatewaysByChild {
  const found = [...pods].flatMap((pod) => {
    const { annotations = {}, labels = {}, deletionTimestamp } = pod.metadata;
    const addresses = podAddresses(pod);
    if (deletionTimestamp !== undefined || addresses === undefined) return [];
    const { [annotation.connection]: connection = "", [annotation.child]: child = "" } =
      annotations;
    const owner = childRefKey({ connection, child });
    return [{ owner, addresses, group: labels[label.groupId] }];
  });
  return Map.groupBy(found, ({ owner }) => owner);
}

/**
 * The address of a child's gateway in a group. If the connection has one group alone, any other gateway counts
 * until that of the group runs. While there are several gateway pods, the first counts.
 *
 * @param family of the address on the pod network; undefined for the pod's first address
 */
export function gatewayIn(
  gateways: readonly GatewayAddress[],
  groupId: string | undefined,
  isDivided: boolean,
  family?: Family,
): Address | undefined {
  const wanted = groupId === undefined ? undefined : digestOf([groupId]);
  const own =
    gateways.find(({ group }) => group === wanted) ?? (isDivided ? undefined : gateways[0]);
  if (own === undefined) return undefined;
  return family === undefined ? own.addresses.underlay : underlayIn(own.addresses, family);
}
