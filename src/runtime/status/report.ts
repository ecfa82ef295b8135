import { childRefKey } from "../../model/api/child-ref.ts";
import { allPathConnections } from "../../model/api/path.ts";
import { childKeyOf } from "../../model/api/selector-sets.ts";
import { isInstalled, type IkeSa } from "../../model/charon/sa.ts";
import type { Status } from "../../model/status/status.ts";
import { statusOf, type StatusSource } from "./status.ts";

/** The traffic of a child's present CHILD SAs. */
export interface ChildTraffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Seconds since the last inbound packet; 0 without any. */
  readonly idleIn: number;
}

/** A status with the traffic that charon counts, by `connection/child`. */
export interface StatusReport extends Status {
  readonly traffic: Readonly<Record<string, ChildTraffic>>;
}

/** The status of all connections, and the traffic of those that are up. */
export async function reportOf(
  running: StatusSource,
  statistics: () => Promise<readonly IkeSa[]>,
): Promise<StatusReport> {
  const status = statusOf(running);
  // If charon does not answer, the status shows that.
  const ikeSas = await statistics().catch(() => []);
  const idOf = new Map(
    [...running.roots].flatMap(([id, root]) =>
      allPathConnections([root.getSnapshot().context.connection]).map(({ name }) => [name, id]),
    ),
  );
  const traffic: Record<string, ChildTraffic> = {};
  for (const { connection, children } of ikeSas) {
    const id = idOf.get(connection);
    if (id === undefined) continue;
    for (const { name, statistics: counted } of children.filter(isInstalled)) {
      const key = childRefKey({ connection: id, child: childKeyOf(name) });
      const known = traffic[key] ?? { bytesIn: 0, bytesOut: 0, idleIn: 0 };
      traffic[key] = {
        bytesIn: known.bytesIn + (counted?.bytesIn ?? 0),
        bytesOut: known.bytesOut + (counted?.bytesOut ?? 0),
        idleIn: shortest(known.idleIn, counted?.idleIn ?? 0),
      };
    }
  }
  return { ...status, traffic };
}

/** The shorter of two idle times, of which 0 stands for no packet at all. */
function shortest(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
}
