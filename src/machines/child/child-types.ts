import type { Child, Connection } from "../../model/api/connection.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { ChildSa, IkeSa } from "../../model/charon/sa.ts";
import type { Repairs } from "../common/differences.ts";
import type { ChildEndpoints, GatewayConnection } from "../gateway/gateway-types.ts";

/** Which child of which connection, in charon's terms. */
export interface ChildOrder {
  readonly connectionName: string;
  readonly childKey: string;
}

/** The facts of the connection that a child and its gateway depend on. */
export type ChildConnection = GatewayConnection & Pick<Connection, "name">;

export interface ChildContext extends Repairs {
  /** The connection as it is declared. */
  readonly connection: ChildConnection;
  readonly child: Child;
  /** The connection, as it is declared now, is in charon. */
  readonly loaded: boolean;
  /** Spec or secret were loaded since the present attempt began: its failure says nothing of them. */
  readonly loadedSince: boolean;
  /** The CHILD SAs that carry traffic; more than one only for a moment, or in error. */
  readonly sas: readonly ChildSa[];
  /** Whether charon is at work on an IKE SA or on this child. */
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** What the peer said during the present attempt. */
  readonly hint: Failure | undefined;
  readonly attempt: number;
}

export type ChildEvent =
  | { type: "child.changed"; connection: ChildConnection; child: Child; replaces: boolean }
  /** `alike`: charon had the child before, with the same networks. */
  | { type: "connection.loaded"; alike?: boolean }
  | { type: "connection.unloaded" }
  | { type: "sas.listed"; ikeSas: readonly IkeSa[] }
  | { type: "peer.notified"; failure: Failure }
  | { type: "rekey" }
  | { type: "stop" }
  | ({ type: "endpoints.changed" } & ChildEndpoints);

export type ChildInput = Pick<ChildContext, "connection" | "child" | "loaded">;
