import { hash } from "node:crypto";
import type { Child, Connection, FailoverSettings } from "./connection.ts";
import type { Standby } from "./schema/ipsec-connection.ts";
import { memo } from "../value/memo.ts";

export const defaultFailover: FailoverSettings = {
  holdSeconds: 300,
  failback: "planned",
  probeMilliseconds: 300,
};

export const defaultStandby: Standby = "warm";

/**
 * The name of the path of a connection that declares none. A declared path of this name keeps the
 * connection's name and its if_ids, so that its SAs stay when further paths are added.
 */
export const mainPath = "main";

/** Separates the name of a connection, which cannot contain it, from the name of a path. */
const separator = "/";

/** The bits of an if_id that a manifest can declare; those above distinguish paths. */
const declaredBits = 24;
const slots = 127;

/** A connection by one of its paths, with the names and numbers that charon has for it. */
export interface PathConnection {
  readonly path: string;
  readonly connection: Connection;
  readonly standby: Standby;
}

/** Whether a connection has paths to choose from, here or elsewhere. */
export function hasSeveralPaths({ paths }: Pick<Connection, "paths">): boolean {
  return paths.length > 1;
}

/** The names of all paths of a connection, the preferred one first. */
export const pathNames = memo(({ paths }: Pick<Connection, "paths">): readonly string[] =>
  paths.length === 0 ? [mainPath] : paths.map(({ name }) => name),
);

/** The names of the paths of a connection that other groups have, the preferred one first. */
export const pathsElsewhere = memo((connection: Connection): readonly string[] =>
  pathNames(connection).filter((path) => !isHere(connection, path)),
);

/** Whether the group of this agent has a path of a connection. */
export function isHere({ here }: Pick<Connection, "here">, path: string): boolean {
  return here?.includes(path) ?? true;
}

/** Whether the group of this agent carries the traffic of a connection with that active path. */
export function leads(connection: Pick<Connection, "here">, active: string): boolean {
  return isHere(connection, active);
}

/**
 * A connection by each of the paths that are here, the preferred one first; always the same
 * objects.
 */
export const pathConnections = memo((connection: Connection): readonly PathConnection[] => {
  if (connection.paths.length === 0)
    return [{ path: mainPath, connection, standby: defaultStandby }];
  const slotOf = slotsOf(connection.paths.map(({ name }) => name));
  const { here: _, ...shared } = connection;
  const pathsHere = connection.paths.filter(({ name }) => isHere(connection, name));
  return pathsHere.map(({ name: path, standby, ...values }) => ({
    path,
    standby,
    connection: {
      ...shared,
      ...values,
      ...(hasSeveralPaths(connection) && { hasAlternative: true }),
      name: charonName(connection.name, path),
      paths: [],
      children: connection.children.map((child) => ({
        ...child,
        ifId: (slotOf.get(path) ?? 0) * 2 ** declaredBits + child.ifId,
      })),
    },
  }));
});

/** A connection by the path of that name, or else by the preferred one of those here. */
export function connectionBy(connection: Connection, name: string | undefined): Connection {
  const paths = pathConnections(connection);
  const found = paths.find(({ path }) => path === name) ?? paths[0];
  return found?.connection ?? connection;
}

/** The connections of this agent's charon that belong to these connections. */
export function allPathConnections(connections: Iterable<Connection>): Connection[] {
  return [...connections].flatMap((connection) =>
    pathConnections(connection).map((path) => path.connection),
  );
}

/** A connection of charon that only the peer brings up. */
export const coldStandby = memo((connection: Connection): Connection => ({
  ...connection,
  children: connection.children.map(({ extra, ...child }): Child => {
    const { start_action: _, ...others } = extra;
    return { ...child, extra: others, initiates: false, standsBy: true };
  }),
}));

/** A connection of charon whose IKE SA is kept up, and whose children only the peer brings up. */
export const warmStandby = memo((connection: Connection): Connection => ({
  ...coldStandby(connection),
  standsBy: "warm",
}));

/** The if_ids of a child by each path of its connection that is here, the preferred one first. */
export function tunnelIfIds(connection: Connection, key: string): number[] {
  return pathConnections(connection).flatMap(({ connection: { children } }) =>
    children.filter((child) => child.key === key).map(({ ifId }) => ifId),
  );
}

/** The if_ids that the paths of a connection may have derived from a declared one. */
export function ifIdsOfPaths(ifId: number): number[] {
  return Array.from({ length: slots + 1 }, (_, slot) => slot * 2 ** declaredBits + ifId);
}

/** The if_id that a manifest declares, from which that of a path was derived. */
export function declaredIfId(ifId: number): number {
  return ifId % 2 ** declaredBits;
}

/** Whether a name in charon is that of a connection by any of its paths. */
export function isNameOf(nameInCharon: string | undefined, connection: string): boolean {
  return (
    nameInCharon === connection || nameInCharon?.startsWith(`${connection}${separator}`) === true
  );
}

/** The name in charon of a connection by a path. */
function charonName(connection: string, path: string): string {
  return path === mainPath ? connection : `${connection}${separator}${path}`;
}

/**
 * A number for each path, by its name: it stays if paths are added, removed or reordered, unless two
 * names have the same one.
 */
function slotsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const taken = new Map<number, string>();
  const found = new Map([[mainPath, 0]]);
  for (const name of names.filter((other) => other !== mainPath).toSorted()) {
    let slot = hash("sha256", name, "buffer").readUInt32BE() % slots;
    while (taken.has(slot)) slot = (slot + 1) % slots;
    taken.set(slot, name);
    found.set(name, slot + 1);
  }
  return found;
}
