import type { PathDecision } from "../../src/machines/failover/failover-types.ts";
import type { ConnectionBeat } from "../../src/model/beats/beat.ts";
import type { FailoverHarness } from "./failover-harness.ts";

/** The way in which the peer of a path reacts. */
export type Peer = "answers" | "refuses" | "keeps silent";

/** A path, with the SAs that charon has for it. */
export interface PathOfWorld {
  readonly name: string;
  readonly node: string;
  readonly warm: boolean;
  peer: Peer;
  sa: "none" | "ike" | "child";
  chosenSince: number | undefined;
  leftAt: number;
  failed: boolean;
}

/** The facts about a path that an agent has passed to its actor. */
interface Known {
  readonly up: Set<string>;
  readonly ready: Set<string>;
  readonly leaving: Set<string>;
}

/** The view of an agent on another one. */
export interface Peering {
  heardAt: number;
  absent: boolean;
  last: ConnectionBeat | undefined;
}

/** A node with an agent and a charon. */
export class NodeOfWorld {
  readonly name: string;
  alive = true;
  charonRuns = true;
  cordoned = false;
  /** Undefined while the agent does not run. */
  agent: FailoverHarness | undefined;
  decision: PathDecision | undefined;
  startedAt = 0;
  isReady = false;
  knowsPeers = false;
  readonly known: Known = { up: new Set(), ready: new Set(), leaving: new Set() };
  readonly peerings = new Map<string, Peering>();

  constructor(name: string) {
    this.name = name;
  }
}
