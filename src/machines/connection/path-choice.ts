import type { ConnectionBeat } from "../../model/beats/beat.ts";
import type { SwitchCause } from "../../model/beats/switch-cause.ts";

/** The facts about another group with paths of the connection. */
export interface HeardGroup {
  /** Its last report; undefined before the first one, and since it is absent. */
  readonly beat: ConnectionBeat | undefined;
  /** Whether its agent is not heard, and its node does not answer. */
  readonly absent: boolean;
}

/** The facts about other groups, by their ids. */
export type HeardGroups = Readonly<Record<string, HeardGroup>>;

/** Another path carries the traffic. */
export interface PathSwitched {
  readonly from: string;
  readonly to: string;
  readonly cause: SwitchCause;
}

/**
 * The facts by which one of several paths is chosen, and the last decision. A connection with one path
 * has the constant `noChoice`.
 */
export interface PathChoice {
  /** The paths that can carry the traffic, here and elsewhere. */
  readonly up: readonly string[];
  /** The paths with an IKE SA. */
  readonly ready: readonly string[];
  /**
   * The paths that have carried the traffic of some children for a moment: while another group leads, the
   * children that its active path carries are not known.
   */
  readonly settled: readonly string[];
  /** The paths here whose peers do not answer IKE requests, although an IKE SA is established. */
  readonly silent: readonly string[];
  /** The reports of other groups that have paths. */
  readonly groups: HeardGroups;
  /** The paths of groups that are absent. */
  readonly absent: readonly string[];
  /** The paths of groups that leave, here and elsewhere. */
  readonly leaving: readonly string[];
  /** Whether this group leaves: its node is cordoned, or charon or a gateway of it ends. */
  readonly leaves: boolean;
  /** Whether the agents of the other groups were heard, or long enough were not. */
  readonly peersKnown: boolean;
  /** The number of the last decision; 0 before the first one, and always with one group. */
  readonly epoch: number;
  /** The cause of the last decision. */
  readonly cause: SwitchCause;
  /** The dialled path, while packets wait for its CHILD SAs in the gateways of its group. */
  readonly awaited: string | undefined;
  /** The last switch to another path; undefined before the first one. */
  readonly switched: PathSwitched | undefined;
}

/** The choice of a connection with one path, and of any before the first fact. */
export const noChoice: PathChoice = {
  up: [],
  ready: [],
  settled: [],
  silent: [],
  groups: {},
  absent: [],
  leaving: [],
  leaves: false,
  peersKnown: false,
  epoch: 0,
  cause: "start",
  awaited: undefined,
  switched: undefined,
};

/** The choice with some facts changed; the same object if none differs. */
export function choiceWith(choice: PathChoice, changes: Partial<PathChoice>): PathChoice {
  const next = { ...choice, ...changes };
  const isSame = (Object.keys(changes) as (keyof PathChoice)[]).every(
    (fact) => next[fact] === choice[fact],
  );
  return isSame ? choice : next;
}
