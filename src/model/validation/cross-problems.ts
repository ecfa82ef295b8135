import { childRefKey } from "../api/child-ref.ts";
import type { Child, Connection } from "../api/connection.ts";
import { groupIdOf } from "../api/group.ts";
import type { Problem } from "../api/result.ts";

/**
 * On a host all connections share charon and kernel; in a cluster, those of a group or a node do.
 */
export type Scope = "host" | "cluster";

/**
 * The accepted connections, against which further ones are checked. The connection that was
 * accepted first keeps a name or an if_id.
 */
export class Neighbours {
  readonly #scope: Scope;
  /** By charon, and by the name in charon. */
  readonly #names = new Map<string, Connection>();
  /** By node and if_id. */
  readonly #ifIds = new Map<string, { connection: Connection; child: Child }>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  add(connection: Connection): void {
    this.#names.set(this.#nameKey(connection), connection);
    for (const child of connection.children) {
      this.#ifIds.set(this.#ifIdKey(connection, child), { connection, child });
    }
  }

  problemsOf(connection: Connection): Problem[] {
    return [
      ...this.#nameProblems(connection),
      ...connection.children.flatMap((child) => this.#ifIdProblems(connection, child)),
    ];
  }

  #nameProblems(connection: Connection): Problem[] {
    const other = this.#names.get(this.#nameKey(connection));
    if (other === undefined || other.id === connection.id) return [];
    const message = `"${connection.name}" is also the name of ${other.id}: use a name that is unique in charon`;
    return [{ path: "spec.name", message }];
  }

  #ifIdProblems(connection: Connection, child: Child): Problem[] {
    const owner = this.#ifIds.get(this.#ifIdKey(connection, child));
    if (owner === undefined || owner.connection.id === connection.id) return [];
    const message = `${child.ifId} is also the if_id of ${childRefKey({ connection: owner.connection.id, child: owner.child.key })}: use an if_id that is unique on the node`;
    return [{ path: `spec.children.${child.key}.if_id`, message }];
  }

  #nameKey(connection: Connection): string {
    const charon = this.#scope === "host" ? "" : (groupIdOf(connection) ?? "");
    return JSON.stringify([charon, connection.name]);
  }

  #ifIdKey({ nodeName }: Connection, { ifId }: Child): string {
    return `${this.#scope === "host" ? "" : (nodeName ?? "")} ${ifId}`;
  }
}
