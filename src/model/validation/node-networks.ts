import type { Connection } from "../api/connection.ts";
import { failure, Reason, type Failure } from "../status/failure.ts";
import { declaredIdOf, groupIdOf, impliedGroupId, placesOf, type Group } from "../api/group.ts";
import { memo } from "../value/memo.ts";
import type { Resource } from "../api/resource.ts";

/**
 * The refused groups with the failure of each. A node's network can have one charon: a second one
 * could not bind UDP 500 and 4500, and would run without receiving packets. The group that was
 * declared first keeps the network.
 *
 * @param groups every declared or implicit group
 * @param resources the manifests, the oldest first
 */
export function refusedGroups(
  groups: ReadonlyMap<string, Group>,
  resources: readonly Resource[],
  connections: ReadonlyMap<string, Connection>,
): ReadonlyMap<string, Failure> {
  const keepers = new Map<string, string>();
  const refused = new Map<string, Failure>();
  for (const resource of resources) {
    for (const id of groupsDeclaredBy(resource, groups, connections)) {
      const group = groups.get(id);
      if (group === undefined || !group.hostNetwork) continue;
      const keeper = keepers.get(group.nodeName);
      if (keeper === undefined) keepers.set(group.nodeName, group.id);
      else if (keeper !== group.id) refused.set(group.id, refusal(group, keeper));
    }
  }
  return refused;
}

/** The groups of a CharonGroup, or the implicit groups of a connection whose paths name nodes. */
function groupsDeclaredBy(
  { kind, key }: Resource,
  groups: ReadonlyMap<string, Group>,
  connections: ReadonlyMap<string, Connection>,
): readonly string[] {
  if (kind === "CharonGroup") return groupsOfDeclared(key, groups).map(({ id }) => id);
  const connection = kind === "IPSecConnection" ? connections.get(key) : undefined;
  const places = connection === undefined ? [] : placesOf(connection);
  return places.flatMap((place) => (place.groupRef === undefined ? (groupIdOf(place) ?? []) : []));
}

const byDeclared = memo((groups: ReadonlyMap<string, Group>) =>
  Map.groupBy(groups.values(), ({ id }) => declaredIdOf(id)),
);

/** The groups of a CharonGroup `NAMESPACE/NAME`: one for each of its nodes, the preferred one first. */
export function groupsOfDeclared(
  key: string,
  groups: ReadonlyMap<string, Group>,
): readonly Group[] {
  return byDeclared(groups).get(key) ?? [];
}

function refusal({ nodeName, namespace }: Group, keeper: string): Failure {
  const isImplied = keeper === impliedGroupId(nodeName);
  const owner = isImplied
    ? `the charon of the connections with nodeName ${nodeName}`
    : `the charon of the CharonGroup ${declaredIdOf(keeper)}`;
  const remedy =
    namespace === ""
      ? "set groupRef to that CharonGroup instead of nodeName, or use another node"
      : "set hostNetwork: false, or use another node";
  return failure(
    Reason.NodeOccupied,
    `the network of ${nodeName} already has ${owner}, and a second charon could not bind UDP 500 and 4500: ${remedy}`,
  );
}
