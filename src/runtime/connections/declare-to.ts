import type { ConnectionActor } from "../../machines/connection/connection.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { KeyEvent } from "../keys/key-claims.ts";

/** The state of a path's key. */
export type PathKeyEvent = KeyEvent & { readonly path: string };

/** Sends a connection's actor its declaration and the states of its paths' keys. */
export function declareTo(
  root: ConnectionActor,
  connection: Connection,
  keys: readonly PathKeyEvent[],
): void {
  const { context, status } = root.getSnapshot();
  // A connection that is being deleted is declared again when its actor has ended.
  if (status !== "active" || root.getSnapshot().matches("terminating")) return;
  // charon identifies connection and key by the name: under a new name both are created again.
  if (context.connection.name !== connection.name) return root.send({ type: "delete" });
  const isRefused = ({ type }: PathKeyEvent) => type === "secret.refused";
  // First, so that a refused key is loaded neither for the former identities nor for the new ones.
  for (const key of keys.filter(isRefused)) root.send(key);
  if (context.connection !== connection) root.send({ type: "spec.changed", connection });
  for (const key of keys.filter((other) => !isRefused(other))) root.send(key);
}
