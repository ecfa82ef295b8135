import type { Child, Connection } from "../../model/api/connection.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { ChildSa, IkeSa } from "../../model/charon/sa.ts";
import type { Repairs } from "../common/differences.ts";
import type { RekeyRefusal } from "../common/rekey-refusal.ts";
import type { Tunnel } from "../gateway/gateway-types.ts";

/** A command to bring up CHILD SAs, by the names of their configurations in charon. */
export interface InitiateOrder {
  readonly connectionName: string;
  readonly names: readonly string[];
}

/** The facts of the connection that a child depends on. */
export type ChildConnection = Pick<Connection, "id" | "name">;

export interface ChildContext extends Repairs {
  /** The connection as it is declared. */
  readonly connection: ChildConnection;
  readonly child: Child;
  /** Whether charon has the connection as declared now. */
  readonly loaded: boolean;
  /**
   * Whether spec or secret were loaded after the present attempt began, so its failure is not
   * theirs.
   */
  readonly loadedSince: boolean;
  /** The CHILD SAs that carry traffic; more than one of a name for a moment, or by mistake. */
  readonly sas: readonly ChildSa[];
  /** The unique ids of the SAs that are being replaced. */
  readonly replaced: readonly string[];
  /** Whether charon works on an IKE SA or on this child. */
  readonly busy: boolean;
  readonly failure: Failure | undefined;
  /** The peer's refusal during the present attempt. */
  readonly hint: Failure | undefined;
  readonly attempt: number;
  /** Whether the present attempt, or the last one, took a minute or longer. */
  readonly lasted: boolean;
  /** Whether the CHILD SAs have stayed for a minute since the child initiated. */
  readonly calm: boolean;
  readonly rekeyRefusal: RekeyRefusal | undefined;
  /** Whether the CHILD SAs have stayed for two seconds, which those of some peers do not. */
  readonly settled: boolean;
  /** The parameters that the connection was notified of last; undefined before the first CHILD SA. */
  readonly tunnel: Tunnel | undefined;
}

export type ChildEvent =
  /** `replaces`: the CHILD SA has to be replaced; `replacesIke`: its path replaces the IKE SA once it is loaded. */
  | {
      type: "child.changed";
      connection: ChildConnection;
      child: Child;
      replaces: boolean;
      replacesIke?: boolean;
    }
  /** `alike`: charon already had the child with the same networks. */
  | { type: "connection.loaded"; alike?: boolean }
  | { type: "connection.unloaded" }
  | { type: "sas.listed"; ikeSas: readonly IkeSa[] }
  | { type: "peer.notified"; failure: Failure }
  | { type: "rekey.refused"; failure: Failure }
  | { type: "rekey" }
  | { type: "stop" };

/** The reports of a child to its path, whether it carries traffic. */
export type ChildReport =
  | { readonly type: "child.up"; readonly child: string }
  /** `failed`: an attempt failed. */
  | { readonly type: "child.down"; readonly child: string; readonly failed: boolean };

export type ChildInput = Pick<ChildContext, "connection" | "child" | "loaded">;
