import type { Connection, FloatingAddress } from "../../model/api/connection.ts";
import type { Failure } from "../../model/status/failure.ts";

/** The floating address of a connection. */
export interface FloatingOrder {
  readonly connection: Connection;
  readonly floating: FloatingAddress;
}

/** The input of `leave`. */
export interface LeaveOrder extends FloatingOrder {
  /** Whether the SAs between the address and the peer end first, since they work. */
  readonly planned: boolean;
}

export type FloatingInput = FloatingOrder;

export interface FloatingContext extends LeaveOrder {
  /** Whether this node is to have the address; undefined while that is not decided. */
  readonly wanted: boolean | undefined;
  /** An address that was declared before, until it has left. */
  readonly former: FloatingOrder | undefined;
  readonly failure: Failure | undefined;
  readonly attempt: number;
}

export type FloatingEvent =
  /** The active path is here. */
  | { readonly type: "address.take" }
  /** It is elsewhere. */
  | { readonly type: "address.leave"; readonly planned: boolean }
  /** Another node may have announced the address meanwhile. */
  | { readonly type: "address.announce" }
  | ({ readonly type: "address.changed" } & FloatingOrder)
  | { readonly type: "stop" };

/** The events that the actor of an address sends to its connection. */
export type FloatingReport =
  | { readonly type: "address.held" }
  | { readonly type: "address.left" }
  /** The node cannot have the address; it is tried again. */
  | { readonly type: "address.refused"; readonly failure: Failure };
