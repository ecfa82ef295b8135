import type { Connection } from "../../model/api/connection.ts";
import type { Failure } from "../../model/status/failure.ts";
import type { ChildEndpoints } from "../gateway/gateway-types.ts";
import type { PathEvent, PathInput, PathReport } from "../path/path-types.ts";

/** The gateway and the workers of each child, by its key. */
export type Endpoints = ReadonlyMap<string, ChildEndpoints>;

/** The endpoints of a connection without gateways and workers. */
export const noEndpoints: Endpoints = new Map();

/** The facts that a path needs when it starts. */
export type PathFacts = Omit<PathInput, "path" | "connection">;

export interface ConnectionContext {
  readonly connection: Connection;
  readonly facts: PathFacts;
  /** The failure of the path. */
  readonly failure: Failure | undefined;
  readonly endpoints: Endpoints;
  /** The ids of the paths' actors, including those that are terminating. */
  readonly paths: readonly string[];
  /** The keys of the children that have a gateway, including those that are terminating. */
  readonly gateways: readonly string[];
}

/** The events that concern the paths alone. */
export type ForwardedEvent = Exclude<
  PathEvent,
  { type: "spec.changed" | "sas.wanted" | "tunnel.changed" | "delete" }
>;

export type ConnectionEvent =
  | ForwardedEvent
  | PathReport
  | { type: "spec.changed"; connection: Connection }
  | { type: "endpoints.changed"; endpoints: Endpoints }
  | { type: "delete" }
  | PathSnapshotEvent
  | { type: `xstate.done.actor.${"path" | "gateway"}.${string}` };

/** A path has another snapshot. */
interface PathSnapshotEvent {
  readonly type: `xstate.snapshot.path.${string}`;
  readonly snapshot: {
    readonly tags: ReadonlySet<string>;
    readonly context: { readonly failure: Failure | undefined };
  };
}

/** The requests of a connection to its supervisor. */
export type ConnectionEmitted = { type: "sas.wanted" };

export type ConnectionInput = Pick<ConnectionContext, "connection" | "endpoints"> & PathFacts;

/** The name of the path of a connection that declares none. */
export const onlyPath = "main";

/** The id of a path's actor. */
export function pathActorId(path: string): string {
  return `path.${path}`;
}

/** The id of a gateway's actor. */
export function gatewayActorId(key: string): string {
  return `gateway.${key}`;
}
