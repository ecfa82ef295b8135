import { Gauge, type Registry } from "prom-client";
import type { Supervisor } from "./supervisor.ts";

export type SecretTimes = Pick<Supervisor, "desired" | "secretChangedAt">;

/** Shows how old the keys are that connections have. */
export function showSecretTimes(registry: Registry, supervisor: SecretTimes): void {
  void new Gauge({
    name: "ipman_secret_changed_timestamp_seconds",
    help: "When a connection's Secret was last written, in seconds since the epoch.",
    labelNames: ["connection"],
    registers: [registry],
    collect() {
      this.reset();
      for (const connection of supervisor.desired.connections.values()) {
        const changedAt = supervisor.secretChangedAt(connection);
        if (changedAt !== undefined) this.set({ connection: connection.id }, changedAt);
      }
    },
  });
}
