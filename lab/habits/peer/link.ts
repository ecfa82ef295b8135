import type { Purpose } from "./purpose.ts";

/** An event of a peer, as it stands in its journal. */
export interface PeerEvent {
  readonly event:
    | "request"
    | "refused"
    | "ikeSa.up"
    | "ikeSa.rekeyed"
    | "ikeSa.down"
    | "child.up"
    | "child.down"
    | "malformed";
  /** The peer's SPI of the IKE SA, or the initiator's while there is none. */
  readonly ike: string;
  /** The purpose of a request. */
  readonly purpose?: Purpose;
  readonly messageId?: number;
  readonly detail?: string;
}

/** The effects of the sessions of a peer. */
export interface Link {
  readonly send: (bytes: Buffer) => void;
  readonly after: (ms: number, run: () => void) => void;
  readonly note: (event: PeerEvent) => void;
}
