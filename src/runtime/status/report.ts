import { isInstalled, type IkeSa } from "../../model/charon/sa.ts";
import type { Status } from "../../model/status/status.ts";
import { statusOf } from "./status.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/** What went through a child's present CHILD SAs. */
export interface ChildTraffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Seconds since a packet came; 0 where none has. */
  readonly idleIn: number;
}

/** A status with what charon counts; by `connection/child`. */
export interface StatusReport extends Status {
  readonly traffic: Readonly<Record<string, ChildTraffic>>;
}

/** The state of everything, and the traffic of what is up. */
export async function reportOf(
  supervisor: Supervisor,
  statistics: () => Promise<readonly IkeSa[]>,
): Promise<StatusReport> {
  const status = statusOf(supervisor);
  // Where charon is away the status says so.
  const ikeSas = await statistics().catch(() => []);
  const idOf = new Map(status.connections.map(({ id, name }) => [name, id]));
  const traffic: Record<string, ChildTraffic> = {};
  for (const { connection, children } of ikeSas) {
    const id = idOf.get(connection);
    if (id === undefined) continue;
    for (const { name, statistics: counted } of children.filter(isInstalled)) {
      const known = traffic[`${id}/${name}`] ?? { bytesIn: 0, bytesOut: 0, idleIn: 0 };
      traffic[`${id}/${name}`] = {
        bytesIn: known.bytesIn + (counted?.bytesIn ?? 0),
        bytesOut: known.bytesOut + (counted?.bytesOut ?? 0),
        idleIn: counted?.idleIn ?? 0,
      };
    }
  }
  return { ...status, traffic };
}
