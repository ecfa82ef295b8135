import type { Child, Connection } from "../api/connection.ts";
import { groupIdOf } from "../api/group.ts";
import type { Problem } from "../api/result.ts";

/** What connections share: all of them one host's charon and kernel, or what the cluster gives them. */
export type Scope = "host" | "cluster";

/**
 * The connections that were accepted, and what is wrong with another beside them. The one
 * that was there first keeps what both want.
 */
export class Neighbours {
  readonly #scope: Scope;
  /** By the charon that knows them, and the name that it knows them by. */
  readonly #names = new Map<string, Connection>();
  /** By the node and the if_id. */
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
    const message = `"${connection.name}" is the name of ${other.id} as well: charon knows connections by it`;
    return [{ path: "spec.name", message }];
  }

  #ifIdProblems(connection: Connection, child: Child): Problem[] {
    const owner = this.#ifIds.get(this.#ifIdKey(connection, child));
    if (owner === undefined || owner.connection.id === connection.id) return [];
    const message = `${child.ifId} is the if_id and VNI of ${owner.connection.id}/${owner.child.key} as well: each child on a node needs its own`;
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
