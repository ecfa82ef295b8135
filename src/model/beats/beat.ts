import type { SwitchCause } from "./switch-cause.ts";

/** The report of an agent about one connection, which other agents have paths of too. */
export interface ConnectionBeat {
  /** The id of the IPSecConnection. */
  readonly connection: string;
  /** The number of the sender's latest decision; 0 before the first one. A safe integer. */
  readonly epoch: number;
  /** The active path by that decision. */
  readonly active: string;
  /** Another path that is brought up beside the active one, for a planned move; maybe of another agent. */
  readonly dialled: string | undefined;
  /** The cause of that decision. */
  readonly cause: SwitchCause;
  /** Whether the active path is the sender's, and its gateways carry the traffic. */
  readonly leading: boolean;
  /** Whether the sender's paths are to be left: its node is cordoned, or a pod of its group ends. */
  readonly leaving: boolean;
  /** The sender's own paths. */
  readonly paths: readonly PathBeat[];
}

/** The report of an agent about one of its paths. */
export interface PathBeat {
  readonly path: string;
  /** Whether the path has an IKE SA. */
  readonly ready: boolean;
  /** Whether it can carry the traffic now. */
  readonly up: boolean;
  /** Whether its last attempt failed. */
  readonly failed: boolean;
}
