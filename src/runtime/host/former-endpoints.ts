import { existsSync } from "node:fs";
import type { FoundEndpoints } from "../../adapters/host/found-endpoints.ts";
import { poolRangeOf } from "../../model/addresses/pool.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { AttachRequest } from "./attach-request.ts";

/** The endpoints of a former process whose list was lost, as the kernel shows them. */
export class FormerEndpoints {
  #found: FoundEndpoints;

  constructor(found: FoundEndpoints) {
    this.#found = found;
  }

  get all(): FoundEndpoints {
    return this.#found;
  }

  /** Forgets workers whose namespaces were removed. */
  check(): void {
    const workers = this.#found.workers.filter(({ netns }) => existsSync(netns));
    this.#found = { ...this.#found, workers };
  }

  /** The if_ids of the segments that a namespace is attached to. */
  segmentsOf(netns: string): number[] {
    const worker = this.#found.workers.find((found) => found.netns === netns);
    return [...(worker?.segments.keys() ?? [])];
  }

  /** The if_ids of gateways whose children are not declared. */
  unclaimed(declared: Iterable<Connection>): number[] {
    const claimed = childrenOf(declared);
    return [...this.#found.gateways.keys()].filter((ifId) => !claimed.has(ifId));
  }

  /** The requests that attach the workers again, as far as their children are declared. */
  requests(declared: Iterable<Connection>): AttachRequest[] {
    const children = childrenOf(declared);
    return this.#found.workers.flatMap(({ netns, segments }) =>
      [...segments].flatMap(([ifId, { address }]): AttachRequest[] => {
        const known = children.get(ifId);
        const pool = known && poolRangeOf(known.child, address)?.pool;
        if (known === undefined || pool === undefined) return [];
        return [{ netns, connection: known.connection, child: known.child.key, pool }];
      }),
    );
  }
}

/** The declared children by their if_ids, which are unique on a host. */
function childrenOf(declared: Iterable<Connection>) {
  const children = new Map<number, { readonly connection: string; readonly child: Child }>();
  for (const { id, children: all } of declared)
    for (const child of all) children.set(child.ifId, { connection: id, child });
  return children;
}
