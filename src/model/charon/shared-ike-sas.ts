import type { Connection } from "../api/connection.ts";
import { childKeyOf } from "../api/selector-sets.ts";
import type { ChildSa, IkeSa } from "./sa.ts";

/** The names in charon of the child that each if_id belongs to. */
export type ChildOwners = ReadonlyMap<
  number,
  { readonly connection: string; readonly child: string }
>;

/** The owners of if_ids among declared connections. */
export function childOwners(connections: Iterable<Connection>): ChildOwners {
  return new Map(
    [...connections].flatMap(({ name: connection, children }) =>
      children.map(({ ifId, key: child }) => [ifId, { connection, child }] as const),
    ),
  );
}

/**
 * Lists each CHILD SA under the connection that declares it. charon's `reuse_ikesa` puts the
 * children of two connections with the same hosts and identities into one IKE SA, which it lists
 * under the name of the first; such an IKE SA is then listed for both. One that is not shared is the
 * same object.
 */
export function byDeclaredConnection(ikeSas: readonly IkeSa[], owners: ChildOwners): IkeSa[] {
  return ikeSas.flatMap((ikeSa) => {
    const ownerOf = ({ ifId, name }: ChildSa) => {
      const owner = ifId === undefined ? undefined : owners.get(ifId);
      return owner?.child === childKeyOf(name) ? owner.connection : ikeSa.connection;
    };
    if (ikeSa.children.every((child) => ownerOf(child) === ikeSa.connection)) return [ikeSa];
    const shares = Map.groupBy(ikeSa.children, ownerOf);
    if (!shares.has(ikeSa.connection)) shares.set(ikeSa.connection, []);
    return [...shares].map(([connection, children]) => ({ ...ikeSa, connection, children }));
  });
}
