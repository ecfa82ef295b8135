import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { ConnectionEvent } from "../../machines/connection/connection-types.ts";
import type { Connection } from "../../model/api/connection.ts";

/** Sends a connection's actor its declaration and the state of its key. */
export function declareTo(
  root: ConnectionActor,
  connection: Connection,
  key: ConnectionEvent,
): void {
  const { context, status } = root.getSnapshot();
  // A connection that is being deleted is declared again when its actor has ended.
  if (status !== "active" || root.getSnapshot().matches("terminating")) return;
  // charon identifies connection and key by the name: under a new name both are created again.
  if (context.connection.name !== connection.name) return root.send({ type: "delete" });
  const isRefused = key.type === "secret.refused";
  // First, so that a refused key is loaded neither for the former identities nor for the new ones.
  if (isRefused) root.send(key);
  if (context.connection !== connection) root.send({ type: "spec.changed", connection });
  if (!isRefused) root.send(key);
}
