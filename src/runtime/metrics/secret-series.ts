import { exposition, labelsOf, type MetricFamily } from "./exposition.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

export type SecretTimes = Pick<Supervisor, "desired" | "secretChangedAt">;

/** Of every connection whose Secret tells when it was written, in seconds since the epoch. */
export const secretSeries: readonly MetricFamily<number>[] = [
  {
    name: "ipman_secret_changed_timestamp_seconds",
    help: "Time of the last write of a connection's Secret, in seconds since the epoch.",
    type: "gauge",
    value: (seconds) => seconds,
  },
];

/** How old the keys are that connections have. */
export function secretText(supervisor: SecretTimes): string {
  const rows = [...supervisor.desired.connections.values()].flatMap((connection) => {
    const changedAt = supervisor.secretChangedAt(connection);
    if (changedAt === undefined) return [];
    return [{ labels: labelsOf({ connection: connection.id }), thing: changedAt }];
  });
  return exposition(secretSeries, rows);
}
