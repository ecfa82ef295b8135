import type { IkeFigures } from "../../model/charon/sa-figures.ts";
import { isInstalled } from "../../model/charon/sa.ts";
import type { Status } from "../../model/status/status.ts";
import { statusOf, type StatusSource } from "./status.ts";

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
  running: StatusSource,
  figures: () => Promise<readonly IkeFigures[]>,
): Promise<StatusReport> {
  const status = statusOf(running);
  // Where charon is away the status says so.
  const ikes = await figures().catch(() => []);
  const idOf = new Map(status.connections.map(({ id, name }) => [name, id]));
  const traffic: Record<string, ChildTraffic> = {};
  for (const { connection, children } of ikes) {
    const id = idOf.get(connection);
    if (id === undefined) continue;
    for (const sa of children.filter(isInstalled)) {
      const known = traffic[`${id}/${sa.name}`] ?? { bytesIn: 0, bytesOut: 0, idleIn: 0 };
      traffic[`${id}/${sa.name}`] = {
        bytesIn: known.bytesIn + sa.bytesIn,
        bytesOut: known.bytesOut + sa.bytesOut,
        idleIn: sa.idleIn,
      };
    }
  }
  return { ...status, traffic };
}
