import type { FailoverSettings } from "../../model/api/connection.ts";
import type { SwitchCause } from "../../model/beats/switch-cause.ts";

/** Sent to the parent whenever the decision changes, and each time after charon's list of SAs. */
export interface PathDecision {
  readonly type: "path.decided";
  readonly active: string;
  /** Another path that is brought up beside the active one, to take over from it. */
  readonly dialled: string | undefined;
  /** The cause of the last change. */
  readonly cause: SwitchCause;
  /** The number of the decision; only with several groups. */
  readonly epoch?: number;
  /** Set while charon's list of SAs is not known: nothing may be dialled yet. */
  readonly waits?: true;
}

/** A decision that the agent of another group reports. */
export interface HeardDecision extends Required<Omit<PathDecision, "type" | "waits">> {
  readonly type: "decision.heard";
  /** The paths of the sender. */
  readonly from: readonly string[];
  /** Whether the active path is the sender's, and its gateways carry the traffic. */
  readonly leading: boolean;
}

/** The settings on which the choice depends. */
export type ChoiceSettings = Pick<FailoverSettings, "holdSeconds" | "failback">;

export interface FailoverContext
  extends Pick<PathDecision, "active" | "dialled" | "cause">, PathDeclaration {
  readonly charonReady: boolean;
  /** The paths that carry traffic, in no order; none while charon is lost. */
  readonly up: readonly string[];
  /** The paths with an IKE SA, in no order; none while charon is lost. */
  readonly ready: readonly string[];
  /** Whether the active path is up, and no probe is answered through it. */
  readonly silent: boolean;
  /** Whether a probe is answered through the active path, also while charon is lost. */
  readonly answered: boolean;
  /** How often a path was silent since a probe was answered last, and since the last calm time. */
  readonly silences: { readonly unanswered: number; readonly all: number };
  /** How many circles of attempts came to their end in which no probe was answered by any path. */
  readonly rests: number;
  /** The paths that had their turn in the present circle of attempts. */
  readonly tried: readonly string[];
  /** How many circles of attempts through all paths came to their end. */
  readonly circle: number;
  /** Whether the SAs of the active path are being replaced, by a command or a declaration. */
  readonly renewed: boolean;
  /** Whether the preferred path is active by a failback that has yet to prove itself. */
  readonly returned: boolean;
  /** The failbacks in a row that were abandoned or did not last; each doubles the hold. */
  readonly setbacks: number;
  /** The number of the decision; 0 before the first one, and always with one group. */
  readonly epoch: number;
  /** The paths of groups that are not heard. */
  readonly absent: readonly string[];
  /** The paths of groups that leave, here and elsewhere. */
  readonly leaving: readonly string[];
  /** Whether the agents of the other groups were heard, or long enough were not. */
  readonly peersKnown: boolean;
  /** Whether the agent of the active path, which is elsewhere, reports that it carries the traffic. */
  readonly confirmed: boolean;
  /** Whether the active path was handed over by this agent to that of another group. */
  readonly handed: boolean;
  /** How often this agent claimed the active path in a row; each claim lengthens the next pause. */
  readonly claims: number;
  /** Whether the pause after its last claim has yet to end. */
  readonly pausing: boolean;
}

/** A part of the context that an action changes. */
export type ContextChange = Partial<FailoverContext>;

export interface FailoverInput {
  /** The names of the paths, the preferred one first; at least two. */
  readonly paths: readonly string[];
  /** The paths whose IKE SA is up also while they stand by. */
  readonly warm: readonly string[];
  readonly settings: ChoiceSettings;
  /** The paths that carry traffic already. */
  readonly up: readonly string[];
  /** Whether charon answers, and its list of SAs is known. */
  readonly charonReady: boolean;
  /** The names of the paths of this group; undefined if it has all paths. */
  readonly here?: readonly string[] | undefined;
  /** Whether the group of the active path alone can dial: it has the address that the peer knows. */
  readonly exclusive?: boolean;
  /** Whether the agents of the other groups were heard already, or long enough were not. */
  readonly peersKnown?: boolean;
}

/** The paths as they are declared now. */
export type PathDeclaration = Pick<
  FailoverInput,
  "paths" | "warm" | "settings" | "here" | "exclusive"
>;

export type FailoverEvent =
  | ({ type: "paths.declared" } & PathDeclaration)
  /** The path carries the traffic of each child that the active one carries. */
  | { type: "path.up"; path: string }
  | { type: "path.down"; path: string }
  /** The path has an IKE SA. */
  | { type: "path.ready"; path: string }
  | { type: "path.unready"; path: string }
  /** No probe is answered through the path, which is the active one. */
  | { type: "path.silent"; path: string }
  /** A probe is answered through it. */
  | { type: "path.answers"; path: string }
  /** Whether one is answered is not known, or there is none. */
  | { type: "path.unjudged"; path: string }
  /** The peer or charon refused the path's attempt, or did not answer it. */
  | { type: "path.failed"; path: string }
  /** charon answers, and `path.up` was sent for each path whose SAs it listed. */
  | { type: "charon.ready" }
  | { type: "charon.lost" }
  /** The SAs of the path will be replaced, by a command or a declaration. */
  | { type: "path.renewed"; path: string }
  | HeardDecision
  /** The group of the path is not heard, and its node does not answer. */
  | { type: "path.absent"; path: string }
  | { type: "path.present"; path: string }
  /** The node of the path is cordoned, or charon or a gateway of its group ends. */
  | { type: "path.leaves"; path: string }
  | { type: "path.stays"; path: string }
  /** The agents of the other groups were heard, or long enough were not. */
  | { type: "peers.known" }
  /** From the actor itself: the pause after a claim ends; and there was no claim for long. */
  | { type: "pause.ended" }
  | { type: "claims.ended" }
  /** A planned move; without a name to the next path in order. */
  | { type: "move"; path?: string };
