import { childRefKey } from "../api/child-ref.ts";
import type { Child, Connection } from "../api/connection.ts";
import { groupIdsOf, placesOf } from "../api/group.ts";
import { formatAddress } from "../net/address.ts";
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
  /** By the address that floats between nodes. */
  readonly #floating = new Map<string, Connection>();
  /** By node and if_id. */
  readonly #ifIds = new Map<string, { connection: Connection; child: Child }>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  add(connection: Connection): void {
    for (const key of this.#nameKeys(connection)) this.#names.set(key, connection);
    const { floating } = connection;
    if (floating !== undefined)
      this.#floating.set(formatAddress(floating.prefix.address), connection);
    for (const child of connection.children) {
      for (const key of this.#ifIdKeys(connection, child))
        this.#ifIds.set(key, { connection, child });
    }
  }

  problemsOf(connection: Connection): Problem[] {
    return [
      ...this.#nameProblems(connection),
      ...this.#floatingProblems(connection),
      ...connection.children.flatMap((child) => this.#ifIdProblems(connection, child)),
    ];
  }

  #nameProblems(connection: Connection): Problem[] {
    const others = this.#nameKeys(connection).flatMap((key) => this.#names.get(key) ?? []);
    const other = others.find(({ id }) => id !== connection.id);
    if (other === undefined) return [];
    const message = `"${connection.name}" is also the name of ${other.id}: use a name that is unique in charon`;
    return [{ path: "spec.name", message }];
  }

  /** The nodes of two connections would take one address from each other. */
  #floatingProblems({ id, floating }: Connection): Problem[] {
    const address = floating && formatAddress(floating.prefix.address);
    const other = address === undefined ? undefined : this.#floating.get(address);
    if (other === undefined || other.id === id) return [];
    const message = `${address} is also the floating address of ${other.id}: use another address, or declare the children of both in one connection`;
    return [{ path: "spec.failover.floatingAddr", message }];
  }

  #ifIdProblems(connection: Connection, child: Child): Problem[] {
    const owners = this.#ifIdKeys(connection, child).flatMap((key) => this.#ifIds.get(key) ?? []);
    const owner = owners.find((known) => known.connection.id !== connection.id);
    if (owner === undefined) return [];
    const message = `${child.ifId} is also the if_id of ${childRefKey({ connection: owner.connection.id, child: owner.child.key })}: use an if_id that is unique on the node`;
    return [{ path: `spec.children.${child.key}.if_id`, message }];
  }

  /** One key for each charon that has a path of the connection. */
  #nameKeys(connection: Connection): string[] {
    const charons = this.#scope === "host" ? [""] : groupIdsOf(connection);
    return (charons.length === 0 ? [""] : charons).map((charon) =>
      JSON.stringify([charon, connection.name]),
    );
  }

  /** One key for each node that has a path of the connection. */
  #ifIdKeys(connection: Connection, { ifId }: Child): string[] {
    const places = this.#scope === "host" ? [{ nodeName: "" }] : placesOf(connection);
    const nodes = new Set(places.map(({ nodeName }) => nodeName ?? ""));
    return [...nodes].map((node) => `${node} ${ifId}`);
  }
}
