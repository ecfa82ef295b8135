import type { Connection } from "../../model/api/connection.ts";
import type { ConnectionBeat } from "../../model/beats/beat.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { PeerLimits } from "../../model/status/peer-limits.ts";
import type { PublicState } from "../../model/status/public-state.ts";
import type { FailoverEvent, PathDecision } from "../failover/failover-types.ts";
import type { FloatingReport } from "../floating/floating-types.ts";
import type { ChildEndpoints, Tunnel } from "../gateway/gateway-types.ts";
import type { PathEvent, PathInput, PathReport } from "../path/path-types.ts";
import type { PathChoice, PathSwitched } from "./path-choice.ts";
import type { Signs } from "../common/signs.ts";

/** The gateway and the workers of each child, by its key. */
export type Endpoints = ReadonlyMap<string, ChildEndpoints>;

/** The endpoints of a connection without gateways and workers. */
export const noEndpoints: Endpoints = new Map();

/** The facts about its key that a path needs when it starts. */
export type PathKey = Pick<PathInput, "secretRevision" | "keyFailure">;

/** A path as its connection sees it. */
export interface PathView {
  readonly path: string;
  readonly state: PublicState;
  readonly failure: Failure | undefined;
  /** The keys of the children that carry traffic. */
  readonly carried: readonly string[];
}

/** The parameters of a child's tunnel by a path. */
export interface PathTunnel {
  readonly path: string;
  /** The child's key. */
  readonly child: string;
  readonly tunnel: Tunnel;
}

export interface ConnectionContext {
  readonly connection: Connection;
  readonly charonReady: boolean;
  readonly endpoints: Endpoints;
  /** The last state of each path's key, by the path's name. */
  readonly keys: Readonly<Record<string, PathKey>>;
  /** The paths that have actors, including those that are terminating. */
  readonly paths: readonly PathView[];
  /** The path that carries the traffic, here or elsewhere. */
  readonly active: string;
  /** Another path that is brought up beside it, for a planned move. */
  readonly dialled: string | undefined;
  /**
   * The path here into which the gateways lead what they receive: the active one, or else one that is
   * dialled here, or else the one that was active here last.
   */
  readonly via: string;
  /**
   * Whether the chosen paths are dialled: with several paths, not before charon's first list of SAs
   * in a session, which may have SAs of another path.
   */
  readonly dials: boolean;
  /**
   * Whether the active path was chosen. Until then the gateways stay as they are: an earlier process
   * may have led the traffic into another path.
   */
  readonly chosen: boolean;
  /** The facts by which a path is chosen, and the last decision. */
  readonly choice: PathChoice;
  /** The limits of the peer that were seen, by which standbys have less than is declared. */
  readonly limits: PeerLimits;
  /** The signs of such limits. */
  readonly signs: Signs;
  /** The paths that had an IKE SA when they were last compared, if there are several. */
  readonly established: readonly string[];
  /** The last verdict about the active path. */
  readonly answered: boolean | undefined;
  /** The tunnels of the children by each path: a gateway that starts again needs its own. */
  readonly tunnels: readonly PathTunnel[];
  /** The keys of the children that have a gateway, including those that are terminating. */
  readonly gateways: readonly string[];
}

/** The events that concern the paths alone: the path that they name, or all. */
export type ForwardedEvent = Exclude<
  PathEvent,
  {
    type:
      | "spec.changed"
      | "attract"
      | "purge.ended"
      | "delete"
      | `${string}.wanted`
      | `child.${string}`
      | "tunnel.changed";
  }
> & { readonly path?: string };

export type ConnectionEvent =
  | ForwardedEvent
  | PathReport
  | PathDecision
  | FloatingReport
  /** The agent of another group reports about the connection. */
  | { type: "beat.heard"; group: string; beat: ConnectionBeat }
  /** The agent of another group is not heard, and its node does not answer; or it ends. */
  | { type: "group.absent"; group: string }
  | { type: "group.present"; group: string }
  /** The traffic is to leave this group for others, or may return to it. */
  | { type: "group.leaves"; leaves: boolean }
  /** The agents of the other groups were heard, or long enough were not. */
  | { type: "peers.known" }
  /** Each path has its part of charon's list of SAs. */
  | { type: "sas.complete" }
  /**
   * The children's probes have another verdict about the active path; only of a connection with several
   * paths. It begins as undefined. True: at least one target answers. False: no target answers, and each
   * was asked often enough. Undefined: not known yet, as after another path became active or after the
   * active one came up. While the probes have no verdict, it is false if the peer does not answer IKE
   * requests; if no child has a probe, it is true while the peer does.
   */
  | { type: "probes.judged"; answered: boolean | undefined }
  /** The gateways of this group have announced themselves. */
  | { type: "handover.announced" }
  /** Packets do not wait any longer for the dialled path. */
  | { type: "handover.ended" }
  /** The paths here whose peers do not answer IKE requests; only of a connection with several paths. */
  | { type: "peers.silent"; paths: readonly string[] }
  /**
   * A CHILD SA of that path, which stands by, was installed, and since then nothing comes back by the
   * active one, though packets leave by it and answers came before.
   */
  | { type: "traffic.drawn"; path: string }
  /** Answers come back by the active path again. */
  | { type: "traffic.returned" }
  /** From the actor itself: a limit, a clash, and times after a sign that have passed. */
  | { type: "peer.limited"; limits: PeerLimits }
  | { type: "moment.ended"; path: string }
  | { type: "clash.counted" }
  | { type: "clashes.ended" }
  | { type: "installation.ended" }
  | { type: "suspicion.began" }
  | { type: "suspicion.ended" }
  /** The path has carried the same children for a moment. */
  | { type: "path.settled"; path: string }
  /** Another path took over from it a moment ago. `intact`: it still carried the traffic. */
  | { type: "path.left"; path: string; intact: boolean }
  | Extract<FailoverEvent, { type: "move" }>
  | { type: "spec.changed"; connection: Connection }
  | { type: "endpoints.changed"; endpoints: Endpoints }
  | { type: "delete" }
  | PathSnapshotEvent
  | { type: `xstate.done.actor.${"path" | "gateway"}.${string}` }
  | { type: "xstate.done.actor.address" };

/** A path has another snapshot. */
interface PathSnapshotEvent {
  readonly type: `xstate.snapshot.path.${string}`;
  readonly snapshot: {
    readonly tags: ReadonlySet<string>;
    readonly context: { readonly path: string; readonly failure: Failure | undefined };
  };
}

/** The requests of a connection to its supervisor, and its reports. */
export type ConnectionEmitted = { type: "sas.wanted" } | ({ type: "path.switched" } & PathSwitched);

export type ConnectionInput = Pick<
  ConnectionContext,
  "connection" | "endpoints" | "charonReady" | "keys"
>;

/** The id of the actor that chooses the active path. */
export const failoverId = "failover";

/** The id of a path's actor. */
export function pathActorId(path: string): string {
  return `path.${path}`;
}

/** The id of a gateway's actor. */
export function gatewayActorId(key: string): string {
  return `gateway.${key}`;
}
