import type { FailoverSettings } from "../../model/api/connection.ts";

/**
 * Why the decision changed: the start of the actor, the active path went down (`lost`), its attempt
 * did not succeed (`failed`), a planned move or failback began or ended, the active path is not
 * declared any more (`removed`), or a planned move or failback ended without success (`abandoned`).
 */
export type SwitchCause =
  | "start"
  | "lost"
  | "failed"
  | "move"
  | "failback"
  | "removed"
  | "abandoned";

/** Sent to the parent whenever the decision changes, and each time after charon's list of SAs. */
export interface PathDecision {
  readonly type: "path.decided";
  readonly active: string;
  /** Another path that is brought up for a planned move, beside the active one. */
  readonly dialled: string | undefined;
  /** The cause of the last change. */
  readonly cause: SwitchCause;
}

/** The settings on which the choice depends. */
export type ChoiceSettings = Pick<FailoverSettings, "holdSeconds" | "failback">;

export interface FailoverContext extends Omit<PathDecision, "type"> {
  /** The names of the paths, the preferred one first. */
  readonly paths: readonly string[];
  readonly settings: ChoiceSettings;
  readonly charonReady: boolean;
  /** The paths that carry traffic, in no order; none while charon is lost. */
  readonly up: readonly string[];
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
}

export interface FailoverInput {
  /** The names of the paths, the preferred one first; at least two. */
  readonly paths: readonly string[];
  readonly settings: ChoiceSettings;
  /** The paths that carry traffic already. */
  readonly up: readonly string[];
  /** Whether charon answers, and its list of SAs is known. */
  readonly charonReady: boolean;
}

/** The paths as they are declared now. */
export type PathDeclaration = Pick<FailoverInput, "paths" | "settings">;

export type FailoverEvent =
  | ({ type: "paths.declared" } & PathDeclaration)
  /** The path carries the traffic of each child that the active one carries. */
  | { type: "path.up"; path: string }
  | { type: "path.down"; path: string }
  /** The peer or charon refused the path's attempt, or did not answer it. */
  | { type: "path.failed"; path: string }
  /** charon answers, and `path.up` was sent for each path whose SAs it listed. */
  | { type: "charon.ready" }
  | { type: "charon.lost" }
  /** The SAs of the path will be replaced, by a command or a declaration. */
  | { type: "path.renewed"; path: string }
  /** A planned move; without a name to the next path in order. */
  | { type: "move"; path?: string };
