import { digestOf } from "../../model/api/group.ts";
import type { AgentPod } from "../../model/beats/agent-pod.ts";
import { podAddresses } from "../../model/kubernetes/pod-addresses.ts";
import type { Address } from "../../model/net/address.ts";
import type { PeerAddresses } from "./beat-peer.ts";

/**
 * The addresses of these groups' agents and nodes, by the pods of their agents and gateways. A pod that
 * is terminating is used only without another one.
 */
export function peerAddresses(
  groups: Iterable<string>,
  pods: Iterable<AgentPod>,
): ReadonlyMap<string, PeerAddresses> {
  const byGroup = Map.groupBy(pods, ({ groupId }) => groupId);
  return new Map(
    [...groups].map((group): [string, PeerAddresses] => {
      const ofGroup = byGroup.get(digestOf([group])) ?? [];
      const agent = addressesOfType(ofGroup, "agent")[0] ?? [];
      // Gateways too: an agent's pod ends when the agent is replaced, and its node stays.
      const gateways = addressesOfType(ofGroup, "xfrm").slice(0, mostGateways);
      return [group, { agent, echoes: [...gateways, agent].flatMap((some) => some.slice(0, 1)) }];
    }),
  );
}

/** The most gateways of a node that are asked for echoes. */
const mostGateways = 3;

/** The addresses of each pod of a type that has any, the latest pod first. */
function addressesOfType(pods: readonly AgentPod[], type: string): Address[][] {
  const latest = pods.filter((pod) => pod.type === type).toSorted(latestFirst);
  return latest.map(addressesOf).filter((addresses) => addresses.length > 0);
}

function addressesOf(pod: AgentPod): Address[] {
  const found = podAddresses(pod);
  if (found === undefined) return [];
  const { underlay, alternate } = found;
  return alternate === undefined ? [underlay] : [underlay, alternate];
}

function latestFirst({ metadata: a }: AgentPod, { metadata: b }: AgentPod): number {
  const isGoing =
    Number(a.deletionTimestamp !== undefined) - Number(b.deletionTimestamp !== undefined);
  if (isGoing !== 0) return isGoing;
  const [atA = "", atB = ""] = [a.creationTimestamp, b.creationTimestamp];
  if (atA !== atB) return atA > atB ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
