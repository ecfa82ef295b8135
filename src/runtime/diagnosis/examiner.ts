import type { Way } from "../../adapters/netlink/way.ts";
import type { Address } from "../../model/net/address.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { Tunnel } from "../../machines/gateway/gateway-types.ts";

/** A child with where it is, as its gateway's actor knows it. */
export interface Placed {
  readonly connection: Connection;
  readonly child: Child;
  readonly gateway: Gateway;
  readonly workers: readonly Worker[];
  readonly tunnel: Tunnel | undefined;
}

/** An echo request, of a size in bytes or the smallest. */
export interface Ask {
  readonly target: Address;
  readonly bytes?: number;
}

/** What a diagnosis may look at, and try. Nothing of it changes anything. */
export interface Examiner {
  /** The way from charon's namespace; undefined where there is none. */
  readonly wayTo: (address: Address) => Way | undefined;
  /** Whether charon's namespace has an address. */
  readonly hasAddress: (address: Address) => boolean;
  /** Whether somebody answers from there. */
  readonly answersCharon: (address: Address) => Promise<boolean>;
  /** What is not as planned in a gateway's namespace, in words. */
  readonly gatewayDrift: (placed: Placed) => string[];
  /** The same of a worker's; undefined where its namespace is not at hand. */
  readonly workerDrift: (placed: Placed, worker: Worker) => string[] | undefined;
  /** Whether somebody answers through a gateway. */
  readonly answersGateway: (gateway: Gateway, source: Address, ask: Ask) => Promise<boolean>;
  /** Largest packet that enters a child's tunnel whole, in bytes. */
  readonly tunnelMtu: (placed: Placed) => number;
  readonly xfrmErrors: () => ReadonlyMap<string, number>;
  /** The SAs of charon, with statistics. */
  readonly statistics: () => Promise<readonly IkeSa[]>;
}
