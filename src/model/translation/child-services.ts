import type { Address } from "../net/address.ts";

/** The protocols whose ports are translated. */
export type Transport = "tcp" | "udp" | "sctp";

/** A host and a port to which a gateway forwards. */
export interface Backend {
  readonly address: Address;
  readonly port: number;
}

/** A port of a Service that the partner reaches at an address of the child. */
export interface ExposedPort {
  /** The Service: `namespace/name`. */
  readonly service: string;
  /** The address to which the partner sends, and the port. */
  readonly address: Address;
  readonly transport: Transport;
  readonly port: number;
  /** Whether all connections of one client have the same backend. */
  readonly affinity: boolean;
  /** The endpoints that accept new connections, by their pod addresses; the partner is refused without one. */
  readonly backends: readonly Backend[];
}

/** A port of the gateway by which pods reach hosts of the partner. */
export interface RemotePort {
  /** The Service: `namespace/name`. */
  readonly service: string;
  readonly transport: Transport;
  /** The port of the gateway on the pod network. */
  readonly gatewayPort: number;
  /** The source address that the partner sees. */
  readonly source: Address;
  /** The hosts of the partner. */
  readonly backends: readonly Backend[];
}

/** The Services of a child. */
export interface ChildServices {
  readonly exposed: readonly ExposedPort[];
  readonly remote: readonly RemotePort[];
}

/** The value of a child without Services; there is one object, so that it compares with `===`. */
export const noServices: ChildServices = { exposed: [], remote: [] };
