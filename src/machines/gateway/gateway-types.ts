import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { ChildServices } from "../../model/translation/child-services.ts";
import type { EspSuite } from "../../model/network/mtu.ts";
import type { Recurrence } from "../common/recurrence.ts";

/** The negotiated parameters of a tunnel that decide packet sizes. */
export interface Tunnel {
  readonly suite: EspSuite;
  readonly encapsulated: boolean;
  /** The peer's address in the outer header. */
  readonly remoteHost: string;
}

/** The facts of the connection that a gateway's plan depends on. */
export type GatewayConnection = Pick<
  Connection,
  "id" | "remoteAddress" | "interfaceName" | "groupRef" | "nodeName" | "paths"
>;

/** The input of `apply`, which configures a gateway's namespace. */
export interface GatewayOrder {
  readonly connection: GatewayConnection;
  readonly child: Child;
  readonly gateway: Gateway;
  readonly workers: readonly Worker[];
  /** Undefined if the child has none. */
  readonly services?: ChildServices | undefined;
  /** Undefined before the first CHILD SA. */
  readonly tunnel: Tunnel | undefined;
  /** The if_ids of the child's tunnels; the first one carries what workers send. */
  readonly tunnels: readonly number[];
  /** Whether an earlier pass configured the namespace completely. */
  readonly applied: boolean;
  /**
   * False while the gateway of another group carries the traffic: this one has everything in place, and
   * announces itself by an address that workers do not follow.
   */
  readonly carries?: boolean;
  /** The number of times that workers may have followed the gateway of another group meanwhile. */
  readonly contests: number;
}

/** The gateway, the workers and the Services of a child. */
export interface ChildEndpoints {
  /** Undefined while it has no namespace. */
  readonly gateway: Gateway | undefined;
  readonly workers: readonly Worker[];
  /** Undefined if the child has none. */
  readonly services?: ChildServices | undefined;
}

export interface GatewayContext {
  readonly connection: GatewayConnection;
  readonly child: Child;
  readonly gateway: Gateway | undefined;
  readonly workers: readonly Worker[];
  readonly services?: ChildServices | undefined;
  readonly tunnel: Tunnel | undefined;
  readonly tunnels: readonly number[];
  /** Whether the gateway carries the traffic of its workers. */
  readonly carries: boolean;
  /** The number of times that the gateway of another group may have attracted the workers. */
  readonly contests: number;
  /** Packets are held back: while another tunnel comes up, or until the next pass is done. */
  readonly held: "waiting" | "due" | undefined;
  readonly failure: Failure | undefined;
  readonly attempt: number;
  /** Whether a pass has configured this namespace completely. */
  readonly applied: boolean;
  /** The parts that changed since the last pass, as the kernel reported. */
  readonly changed: readonly KernelPart[];
  /** The parts whose change caused the present or the last pass; none for other causes. */
  readonly wokenBy: readonly KernelPart[];
  /** One for each external cause of passes; the latest is the last. */
  readonly recurrences: readonly Recurrence[];
}

/** The part of a namespace that changed; `namespace` if any part may have. */
export type KernelPart =
  | "links"
  | "addresses"
  | "routes"
  | "neighbours"
  | "packet filter"
  | "namespace";

/** A part of `attend`: to watch the namespace, or to announce the gateway to the workers. */
export type Duty = "watch" | "announce";

/** The result of a pass. */
export interface PassResult {
  /** Whether the pass changed anything. */
  readonly repaired: boolean;
}

export type GatewayEvent =
  | {
      type: "child.changed";
      connection: GatewayConnection;
      child: Child;
      tunnels: readonly number[];
    }
  | ({ type: "endpoints.changed" } & ChildEndpoints)
  | { type: "tunnel.changed"; tunnel: Tunnel }
  /** Another tunnel carries what workers send; `tunnel` has its parameters, if they are known. */
  | {
      type: "tunnels.changed";
      tunnels: readonly number[];
      tunnel: Tunnel | undefined;
      /** Undefined: as before. */
      carries?: boolean;
    }
  /** Workers may follow the gateway of another group, which announced itself to them as well. */
  | { type: "announce" }
  /** Another tunnel will take over in a moment, and the present one may not carry any more. */
  | { type: "hold" }
  /** It did not, or took over already, or packets were held for too long. */
  | { type: "release" }
  | { type: "kernel.changed"; part?: KernelPart }
  | { type: "attend.failed"; duty: Duty; error: unknown }
  | { type: "stop" };

/** The input of `place`, which creates a namespace. */
export interface PlaceOrder {
  readonly connection: GatewayConnection;
  readonly child: Child;
  /** True if a CHILD SA exists already, so traffic may be waiting. */
  readonly urgent: boolean;
}

/** The input of `remove`, which removes a namespace. */
export interface RemoveOrder {
  readonly connectionId: string;
  /** The child's key. */
  readonly child: string;
}

export type GatewayInput = Pick<GatewayContext, "connection" | "child" | "tunnels"> & {
  /** True by default. */
  readonly carries?: boolean;
};
