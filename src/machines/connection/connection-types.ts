import type { Connection } from "../../model/api/connection.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { LoadedAlike } from "../../model/charon/loaded-alike.ts";
import type { Repairs } from "../common/differences.ts";
import type { ChildEndpoints } from "../gateway/gateway-types.ts";

/** Where gateways and workers are, by the key of the child. */
export type Endpoints = ReadonlyMap<string, ChildEndpoints>;

/** Those of a connection that has neither gateways nor workers. */
export const noEndpoints: Endpoints = new Map();

export interface ConnectionContext extends Repairs {
  readonly connection: Connection;
  readonly charonReady: boolean;
  /** Changes with the secret's value; undefined while there is no key that can be used. */
  readonly secretRevision: string | undefined;
  /** Why the key that is there cannot be used. */
  readonly keyFailure: Failure | undefined;
  /** charon may have a key of the connection that it is not to have any more. */
  readonly keyToWithdraw: boolean;
  readonly ikeSas: readonly IkeSa[];
  readonly failure: Failure | undefined;
  readonly attempt: number;
  /** charon said that an IKE SA has no path to the peer, and waits for one. */
  readonly pathMissing: boolean;
  /** The IKE SAs that were made from an earlier spec. */
  readonly outdated: readonly string[];
  readonly endpoints: Endpoints;
  /** The ids of the children's actors, of those too that are on their way out. */
  readonly running: readonly string[];
}

export type ConnectionEvent =
  | { type: "spec.changed"; connection: Connection }
  | { type: "secret.changed"; revision: string }
  /** `unreadable`: what charon has of it may be good, and stays there. */
  | { type: "secret.missing"; unreadable?: boolean }
  /** The key that is there cannot be used. */
  | { type: "secret.refused"; failure: Failure }
  | { type: "charon.ready" }
  | { type: "charon.lost" }
  | { type: "sas.listed"; ikeSas: readonly IkeSa[] }
  | { type: "sas.wanted" }
  | { type: "peer.notified"; failure: Failure }
  | { type: "path.missing" }
  | { type: "endpoints.changed"; endpoints: Endpoints }
  /** Its IKE SAs end, and all is negotiated anew. */
  | { type: "restart" }
  | { type: "delete" };

/** What a connection asks of whoever runs it. */
export type ConnectionEmitted = { type: "sas.wanted" };

export type ConnectionInput = Pick<
  ConnectionContext,
  "connection" | "charonReady" | "secretRevision" | "keyFailure" | "endpoints"
>;

/** What `load` needs; it finds the secret itself, since none may be in a context. */
export interface LoadOrder {
  readonly connection: Connection;
}

/** What charon had before it was given the connection. */
export interface LoadResult {
  /** The unique ids of IKE SAs that were made when it had other addresses; they go on. */
  readonly outdated: readonly string[];
  readonly alike: LoadedAlike;
}

/** The id of a child's actor. */
export function childActorId(key: string): string {
  return `child.${key}`;
}
