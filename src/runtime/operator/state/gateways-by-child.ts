import { childRefKey } from "../../../model/api/child-ref.ts";
import { digestOf } from "../../../model/api/group.ts";
import { annotation, label } from "../../../model/kubernetes/labels.ts";
import { podAddresses } from "../../../model/kubernetes/pod-addresses.ts";
import type { Pod } from "../../../model/kubernetes/worker-pod.ts";
import type { Address } from "../../../model/net/address.ts";

/** A gateway pod that runs. */
interface GatewayAddress {
  readonly address: Address;
  /** The value of the label that identifies its group. */
  readonly group: string | undefined;
}

/** The gateways of each child, by the key of its reference. */
export type GatewaysByChild = ReadonlyMap<string, readonly GatewayAddress[]>;

/** The gateways among pods. */
export function gatewaysByChild(pods: Iterable<Pod>): GatewaysByChild {
  const found = [...pods].flatMap((pod) => {
    const { annotations = {}, labels = {}, deletionTimestamp } = pod.metadata;
    const address = podAddresses(pod)?.underlay;
    if (deletionTimestamp !== undefined || address === undefined) return [];
    const { [annotation.connection]: connection = "", [annotation.child]: child = "" } =
      annotations;
    return [{ owner: childRefKey({ connection, child }), address, group: labels[label.groupId] }];
  });
  return Map.groupBy(found, ({ owner }) => owner);
}

/**
 * The address of a child's gateway in a group. If the connection has one group alone, any other gateway counts
 * until that of the group runs. While there are several gateway pods, the first counts.
 */
export function gatewayIn(
  gateways: readonly GatewayAddress[],
  groupId: string | undefined,
  isDivided: boolean,
): Address | undefined {
  const wanted = groupId === undefined ? undefined : digestOf([groupId]);
  const own =
    gateways.find(({ group }) => group === wanted) ?? (isDivided ? undefined : gateways[0]);
  return own?.address;
}
