import type { ConnectionBeat } from "./beat.ts";

/** A report of an agent that leads by one of its two paths. */
export function beatOfSite(changes: Partial<ConnectionBeat> = {}): ConnectionBeat {
  return {
    connection: "site",
    epoch: 7,
    active: "main",
    dialled: undefined,
    cause: "lost",
    leading: true,
    leaving: false,
    paths: [
      { path: "main", ready: true, up: true, failed: false },
      { path: "spare", ready: false, up: false, failed: true },
    ],
    ...changes,
  };
}
