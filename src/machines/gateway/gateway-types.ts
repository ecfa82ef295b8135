import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { EspSuite } from "../../model/network/mtu.ts";
import type { Recurrence } from "../common/recurrence.ts";

/** What the tunnel was negotiated to be, as far as packet sizes go. */
export interface Tunnel {
  readonly suite: EspSuite;
  readonly encapsulated: boolean;
  /** The peer's address, which the outer header has. */
  readonly remoteHost: string;
}

/** The facts of the connection that a gateway's plan depends on. */
export type GatewayConnection = Pick<Connection, "id" | "remoteAddress" | "interfaceName">;

/** Everything that `apply` needs to configure a gateway's namespace. */
export interface GatewayOrder {
  readonly connection: GatewayConnection;
  readonly child: Child;
  readonly gateway: Gateway;
  readonly workers: readonly Worker[];
  /** Undefined until a CHILD SA tells. */
  readonly tunnel: Tunnel | undefined;
  /** Whether it was in shape before: something small changed since. */
  readonly applied: boolean;
}

/** Where a child's gateway and workers are. */
export interface ChildEndpoints {
  /** Undefined while there is no namespace for it. */
  readonly gateway: Gateway | undefined;
  readonly workers: readonly Worker[];
}

export interface GatewayContext {
  readonly connection: GatewayConnection;
  readonly child: Child;
  readonly gateway: Gateway | undefined;
  readonly workers: readonly Worker[];
  readonly tunnel: Tunnel | undefined;
  readonly failure: Failure | undefined;
  readonly attempt: number;
  /** Whether this namespace was in shape once. */
  readonly applied: boolean;
  /** The parts that changed since the last pass, by the kernel's reports. */
  readonly changed: readonly KernelPart[];
  /** The parts whose change caused the present pass, or the last one; none for other causes. */
  readonly wokenBy: readonly KernelPart[];
  /** One for each cause of passes other than what is declared; the latest is the last. */
  readonly recurrences: readonly Recurrence[];
}

/** What of a namespace changed; `namespace` where it may be any part. */
export type KernelPart =
  | "links"
  | "addresses"
  | "routes"
  | "neighbours"
  | "packet filter"
  | "namespace";

/** What a pass did. */
export interface PassResult {
  /** Whether anything was not as planned. */
  readonly repaired: boolean;
}

export type GatewayEvent =
  | { type: "child.changed"; connection: GatewayConnection; child: Child }
  | ({ type: "endpoints.changed" } & ChildEndpoints)
  | { type: "tunnel.changed"; tunnel: Tunnel }
  | { type: "kernel.changed"; part?: KernelPart };

/** What `place` needs to bring a namespace about. */
export interface PlaceOrder {
  readonly connection: GatewayConnection;
  readonly child: Child;
  /** True where traffic may be waiting: a CHILD SA is there already. */
  readonly urgent: boolean;
}

export type GatewayInput = Pick<GatewayContext, "connection" | "child">;
