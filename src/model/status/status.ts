import type { Condition } from "./condition.ts";
import type { Failure } from "./failure.ts";
import type { PublicState } from "./public-state.ts";
import type { SourceProblem } from "../api/resource.ts";
import type { Transport } from "../translation/child-services.ts";
import type { Standby } from "../api/schema/ipsec-connection.ts";

/**
 * Whether an address behind the peer answers a probe; `unknown` before the first answer or loss.
 */
export type Reachability = "unknown" | "reachable" | "unreachable";

export interface ChildStatus {
  readonly key: string;
  readonly name: string;
  readonly state: PublicState;
  /**
   * When the child came up, or entered its present state, in seconds of the monotonic clock; 0 if
   * unknown. A reported status has seconds since the epoch.
   */
  readonly since: number;
  /** The state of the gateway: absent, configuring, ready or degraded. */
  readonly gateway: string;
  readonly workers: readonly { readonly id: string; readonly address: string }[];
  /** Undefined if the child has none, and from an agent of an earlier version. */
  readonly services?: ServicesStatus | undefined;
  /** The key exchange methods of its CHILD SA; the first one of an IKE SA has none of its own. */
  readonly keyExchange?: string | undefined;
  readonly failure: Failure | undefined;
  /** Undefined if the child declares no probe. */
  readonly reachability: Reachability | undefined;
  /** The networks of the child that are not routed into the tunnel; undefined if there are none. */
  readonly unrouted: string | undefined;
  /** The translation of its addresses, a line for each rule; an agent of an earlier version reports none. */
  readonly nat?: readonly string[];
  /** The networks of its selectors as workers know them; undefined unless they are translated. */
  readonly knownSelectors?: string;
  /** The doubt that it carries traffic although it is up, if there is one. */
  readonly traffic: Failure | undefined;
  /** Set while its gateway tracks almost as many connections as the kernel can. */
  readonly tracking?: Failure | undefined;
  readonly conditions: readonly Condition[];
}

/** The ports of Services that the gateway of a child forwards. */
export interface ServicesStatus {
  readonly exposed: readonly {
    /** `namespace/name`. */
    readonly service: string;
    readonly transport: Transport;
    /** The address to which the partner sends, with the port. */
    readonly address: string;
    /** The number of endpoints that get new connections. */
    readonly backends: number;
  }[];
  readonly remote: readonly {
    /** `namespace/name`. */
    readonly service: string;
    readonly transport: Transport;
    readonly gatewayPort: number;
    /** The address that the partner sees. */
    readonly source: string;
    /** The partner's hosts, with their ports. */
    readonly hosts: readonly string[];
  }[];
}

/** A path carries the traffic, waits, or is brought up to take over. */
export type PathRole = "active" | "standby" | "dialled";

/** One of several paths of a connection. */
export interface PathFacts {
  readonly name: string;
  readonly role: PathRole;
  /** The SAs that it has to have while another path is active. */
  readonly standby: Standby;
  readonly state: PublicState;
  readonly remote: string;
  readonly failure: Failure | undefined;
  /** Set for a path that stands by and whose peer does not answer on its IKE SA. */
  readonly silent?: true;
  /** The node that has the path; undefined unless the paths are on several nodes. */
  readonly node?: string;
  /** Set for a path of another agent, whose reports are not as detailed. */
  readonly elsewhere?: true;
  /** Set for a path elsewhere whose agent is not heard, and whose node does not answer. */
  readonly absent?: true;
}

/** The same, with the time of its state. */
export interface PathStatus extends PathFacts {
  /** Set for a hot standby that has an IKE SA: why a CHILD SA does not come up. */
  readonly childless?: Failure;
  /** As for a child. */
  readonly since: number;
}

/** The last switch to the active path of a connection. */
export interface LastSwitch {
  /** The path that was active before. */
  readonly from: string;
  /** As `ipman_path_switches_total` names it. */
  readonly cause: string;
  /** As for a child. */
  readonly since: number;
}

export interface ConnectionStatus {
  readonly id: string;
  readonly name: string;
  /** The generation of the manifest version in effect. */
  readonly generation: number;
  readonly remote: string;
  readonly state: PublicState;
  /** As for a child. */
  readonly since: number;
  readonly failure: Failure | undefined;
  /** The key exchange methods of its IKE SA, such as `CURVE_25519/ML_KEM_768`; undefined without one. */
  readonly keyExchange?: string | undefined;
  readonly conditions: readonly Condition[];
  readonly children: readonly ChildStatus[];
  /**
   * The paths, the preferred one first; empty for a connection with one path. An agent of an earlier
   * version does not report it.
   */
  readonly paths?: readonly PathStatus[];
  /**
   * Whether this agent has the active path, if another one has paths as well; undefined while the
   * connection has no actor. If it has not, the state is that of the active path, and there are no
   * children.
   */
  readonly leads?: boolean;
  /** Undefined if none is declared. */
  readonly floatingAddress?: FloatingAddressStatus;
  /** Undefined if there was none since the agent started. */
  readonly lastSwitch?: LastSwitch;
  readonly problems: readonly SourceProblem[];
}

/** The address that the node of the active path has. */
export interface FloatingAddressStatus {
  /** With the length of its network. */
  readonly address: string;
  /** Whether the node of this agent has it. */
  readonly held: boolean;
}

/** The content of `ipman status`. */
export interface Status {
  readonly charon: { readonly state: string; readonly failure: Failure | undefined };
  readonly connections: readonly ConnectionStatus[];
  /** Problems of manifests that do not belong to a connection. */
  readonly problems: readonly SourceProblem[];
  /** Why the state that outlives the process could not be read or cannot be saved, if so. */
  readonly stateProblem?: string;
}
