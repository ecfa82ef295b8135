import type { ConnectionBeat } from "./beat.ts";

/** An event about the other groups of a connection, for the connection's actor. */
export type PeerEvent =
  /** The report of a group's agent has another content. */
  | { readonly type: "beat.heard"; readonly group: string; readonly beat: ConnectionBeat }
  /** The group's agent is not heard, and its node does not answer. */
  | { readonly type: "group.absent"; readonly group: string }
  | { readonly type: "group.present"; readonly group: string }
  /** The agent listened long enough to know what the other groups decided. */
  | { readonly type: "peers.known" };
