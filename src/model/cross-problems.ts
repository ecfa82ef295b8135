import type { Connection } from "./connection.ts";
import type { Problem } from "./result.ts";

/**
 * What is wrong with `connection` beside the others that share its charon. The one that
 * was there first keeps what both want, so `others` are those accepted before.
 */
export function crossProblems(connection: Connection, others: readonly Connection[]): Problem[] {
  return others.flatMap((other) =>
    other.id === connection.id
      ? []
      : [...nameProblems(connection, other), ...ifIdProblems(connection, other)],
  );
}

function nameProblems(connection: Connection, other: Connection): Problem[] {
  if (connection.name !== other.name) return [];
  const message = `"${connection.name}" is the name of ${other.id} as well: charon knows connections by it`;
  return [{ path: "spec.name", message }];
}

function ifIdProblems(connection: Connection, other: Connection): Problem[] {
  const taken = new Map(other.children.map((child) => [child.ifId, child.key]));
  return connection.children.flatMap((child) => {
    const owner = taken.get(child.ifId);
    if (owner === undefined) return [];
    const message = `${child.ifId} is the if_id and VNI of ${other.id}/${owner} as well: each child on a node needs its own`;
    return [{ path: `spec.children.${child.key}.if_id`, message }];
  });
}
