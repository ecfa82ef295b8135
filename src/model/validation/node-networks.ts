import type { Connection } from "../api/connection.ts";
import { failure, Reason, type Failure } from "../status/failure.ts";
import { groupIdOf, impliedGroupId, type Group } from "../api/group.ts";
import type { Resource } from "../api/resource.ts";

/**
 * The groups that are refused, and why: a node's network has one charon, since a second one
 * cannot bind UDP 500 and 4500 there, and goes on without hearing anything. The group that
 * was declared first keeps the network.
 *
 * @param groups every group that there is to be
 * @param resources what is declared, the oldest first
 */
export function refusedGroups(
  groups: ReadonlyMap<string, Group>,
  resources: readonly Resource[],
  connections: ReadonlyMap<string, Connection>,
): ReadonlyMap<string, Failure> {
  const keepers = new Map<string, string>();
  const refused = new Map<string, Failure>();
  for (const resource of resources) {
    const group = groups.get(groupDeclaredBy(resource, connections) ?? "");
    if (group === undefined || !group.hostNetwork) continue;
    const keeper = keepers.get(group.nodeName);
    if (keeper === undefined) keepers.set(group.nodeName, group.id);
    else if (keeper !== group.id) refused.set(group.id, refusal(group, keeper));
  }
  return refused;
}

/** A CharonGroup is a group itself; a connection implies one by its nodeName. */
function groupDeclaredBy(
  { kind, key }: Resource,
  connections: ReadonlyMap<string, Connection>,
): string | undefined {
  if (kind === "CharonGroup") return key;
  const connection = kind === "IPSecConnection" ? connections.get(key) : undefined;
  return connection?.groupRef === undefined ? connection && groupIdOf(connection) : undefined;
}

function refusal({ nodeName, namespace }: Group, keeper: string): Failure {
  const isImplied = keeper === impliedGroupId(nodeName);
  const owner = isImplied
    ? `the charon of the connections with nodeName ${nodeName}`
    : `the charon of the CharonGroup ${keeper}`;
  const wayOut =
    namespace === ""
      ? "name that CharonGroup in groupRef instead of nodeName, or use another node"
      : "set hostNetwork: false, or use another node";
  return failure(
    Reason.NodeOccupied,
    `the network of ${nodeName} has ${owner}, and a second charon there could not bind UDP 500 and 4500: ${wayOut}`,
  );
}
