import { exposition, labelsOf, type MetricFamily } from "./exposition.ts";
import type { Running } from "../ports/running.ts";

export type SecretTimes = Pick<Running, "desired" | "secretChangedAt">;

/**
 * The series of each connection whose Secret has a known write time, in seconds since the epoch.
 */
export const secretSeries: readonly MetricFamily<number>[] = [
  {
    name: "ipman_secret_changed_timestamp_seconds",
    help: "Time of the last write of a connection's Secret, in seconds since the epoch.",
    type: "gauge",
    value: (seconds) => seconds,
  },
];

/** The metric of the write times of the connections' Secrets. */
export function secretText(running: SecretTimes): string {
  const rows = [...running.desired.connections.values()].flatMap((connection) => {
    const changedAt = running.secretChangedAt(connection);
    if (changedAt === undefined) return [];
    return [{ labels: labelsOf({ connection: connection.id }), thing: changedAt }];
  });
  return exposition(secretSeries, rows);
}
