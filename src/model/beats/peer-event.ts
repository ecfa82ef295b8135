import type { ConnectionBeat } from "./beat.ts";

/** An event about the groups of a connection, for the connection's actor. */
export type PeerEvent =
  /** The report of a group's agent has another content. */
  | { readonly type: "beat.heard"; readonly group: string; readonly beat: ConnectionBeat }
  /** The group's agent is not heard, and its node does not answer. */
  | { readonly type: "group.absent"; readonly group: string }
  | { readonly type: "group.present"; readonly group: string }
  /** The traffic is to leave this group for others, or may return to it. */
  | { readonly type: "group.leaves"; readonly leaves: boolean }
  /** The agent listened long enough to know what the other groups decided. */
  | { readonly type: "peers.known" };
