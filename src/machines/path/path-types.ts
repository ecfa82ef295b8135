import type { Connection } from "../../model/api/connection.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { LoadedAlike } from "../../model/charon/loaded-alike.ts";
import type { ChildReport } from "../child/child-types.ts";
import type { Repairs } from "../common/differences.ts";
import type { RekeyRefusal } from "../common/rekey-refusal.ts";
import type { Tunnel } from "../gateway/gateway-types.ts";

export interface PathContext extends Repairs {
  /** The path's name in its connection. */
  readonly path: string;
  /** The connection as charon has it by this path. */
  readonly connection: Connection;
  readonly charonReady: boolean;
  /** Changes with the secret's value; undefined without a usable key. */
  readonly secretRevision: string | undefined;
  /** Why the present key cannot be used. */
  readonly keyFailure: Failure | undefined;
  /** Whether charon may still have a key that has to be removed. */
  readonly keyToWithdraw: boolean;
  readonly ikeSas: readonly IkeSa[];
  readonly failure: Failure | undefined;
  readonly attempt: number;
  /** The peer's refusal to rekey an IKE SA. */
  readonly rekeyRefusal: RekeyRefusal | undefined;
  /** Whether charon reported that an IKE SA has no path to the peer and waits for one. */
  readonly pathMissing: boolean;
  /** The unique ids of IKE SAs of an earlier spec. */
  readonly outdated: readonly string[];
  /** Whether every IKE SA is to end, also one that charon began a moment ago. */
  readonly purges: boolean;
  /** Words about the proposals that charon does not support and was not given, if so. */
  readonly omitted: string | undefined;
  /** The ids of the children's actors, including those that are terminating. */
  readonly running: readonly string[];
  /** The keys of the children that carry traffic. */
  readonly carrying: readonly string[];
}

export type PathEvent =
  /** `ends`: the SAs end, or the CHILD SAs alone, even if they match the new declaration. */
  | { type: "spec.changed"; connection: Connection; ends?: "all" | "children" }
  | { type: "secret.changed"; revision: string }
  /** `unreadable`: the key in charon may still be valid and stays there. */
  | { type: "secret.missing"; unreadable?: boolean }
  /** The present key cannot be used. */
  | { type: "secret.refused"; failure: Failure }
  | { type: "charon.ready" }
  | { type: "charon.lost" }
  | { type: "sas.listed"; ikeSas: readonly IkeSa[] }
  | { type: "sas.wanted" }
  | { type: "peer.notified"; failure: Failure }
  /** The peer does not rekey an IKE SA, or the CHILD SA of that configuration. */
  | { type: "rekey.refused"; child: string | undefined; failure: Failure }
  /** charon reauthenticates an IKE SA at once, since the peer announces that lifetime. */
  | { type: "lifetime.hasty"; lifetime: number }
  | { type: "path.missing" }
  /** charon no longer has the connection or its key as they were loaded. */
  | { type: "configuration.lost" }
  | ChildTunnel
  | ChildReport
  /** Rekeys the CHILD SAs, so that the answers of a peer with policies follow them. */
  | { type: "attract" }
  /** From the actor itself: each IKE SA that appears from now on is the peer's. */
  | { type: "purge.ended" }
  /** Terminates the IKE SAs and negotiates new ones. */
  | { type: "restart" }
  | { type: "delete" };

/** A child negotiated other parameters of its tunnel. */
export type ChildTunnel = {
  readonly type: "tunnel.changed";
  /** The child's key. */
  readonly child: string;
  readonly tunnel: Tunnel;
};

/** The events that a path sends to its connection. */
export type PathReport = { readonly path: string } & (
  | { readonly type: "sas.wanted" }
  /** The CHILD SAs of a child have ended, and its actor as well. */
  | { readonly type: "child.ended"; readonly child: string }
  | ChildTunnel
  /** The keys of the children that carry traffic; none while charon knows no path to the peer. */
  | { readonly type: "path.carries"; readonly children: readonly string[] }
  /** An attempt failed, and no child carries traffic. `refused`: the peer does not authenticate us. */
  | { readonly type: "path.failed"; readonly refused?: true }
  /** A CHILD SA was installed, for the first time or by a rekey. */
  | { readonly type: "path.attracts" }
  /** The IKE SA ended, and ipman did not end it. */
  | { readonly type: "path.closed" }
);

export type PathInput = Pick<
  PathContext,
  "path" | "connection" | "charonReady" | "secretRevision" | "keyFailure"
>;

/** The input of `load`, which looks the secret up itself: no context may contain one. */
export interface LoadOrder {
  readonly connection: Connection;
}

/** The state of charon before it got the connection. */
export interface LoadResult {
  /** The unique ids of IKE SAs that were established with other addresses; they stay up. */
  readonly outdated: readonly string[];
  readonly alike: LoadedAlike;
  /** Words about the proposals that charon does not support and was not given, if so. */
  readonly omitted: string | undefined;
}

const childPrefix = "child.";

/** The id of a child's actor. */
export function childActorId(key: string): string {
  return `${childPrefix}${key}`;
}

/** The key of the child whose actor has that id. */
export function childKeyIn(id: string): string {
  return id.slice(childPrefix.length);
}
