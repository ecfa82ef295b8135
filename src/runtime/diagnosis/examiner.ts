import type { Egress } from "../../adapters/netlink/route-lookup.ts";
import type { TcpAnswer } from "../../adapters/tcp/tcp-answer.ts";
import type { Address } from "../../model/net/address.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { KernelCounters } from "../../model/traffic/sa-counters.ts";
import type { ChildServices } from "../../model/translation/child-services.ts";
import type { Tunnel } from "../../machines/gateway/gateway-types.ts";

/** A child with its gateway and workers, as its gateway actor knows them. */
export interface Placed {
  readonly connection: Connection;
  readonly child: Child;
  readonly gateway: Gateway;
  readonly workers: readonly Worker[];
  readonly services: ChildServices | undefined;
  readonly tunnel: Tunnel | undefined;
  /** The if_ids of the child's tunnels, the active one first. */
  readonly tunnels: readonly number[];
  /** False if the gateway of another group carries the traffic. */
  readonly carries?: boolean;
  /** The connection's name in charon by its active path. */
  readonly charonName: string;
}

/** An echo request; of the smallest size unless `bytes` is given. */
export interface Ask {
  readonly target: Address;
  readonly bytes?: number;
}

/** The checks of the kernel and of charon that a diagnosis needs. None of them changes anything. */
export interface Examiner {
  /** The route from charon's namespace; undefined without one. */
  readonly wayTo: (address: Address) => Egress | undefined;
  /** Whether charon's namespace has an address. */
  readonly hasAddress: (address: Address) => boolean;
  /** Whether the address answers echo requests from charon's namespace. */
  readonly answersCharon: (address: Address) => Promise<boolean>;
  /** The differences between a gateway's namespace and its plan, in words. */
  readonly gatewayDrift: (placed: Placed) => string[];
  /** The same for a worker; undefined if its namespace is on another node. */
  readonly workerDrift: (placed: Placed, worker: Worker) => string[] | undefined;
  /** Whether the target answers echo requests through a gateway. */
  readonly answersGateway: (gateway: Gateway, source: Address, ask: Ask) => Promise<boolean>;
  /** The answer to a connection by TCP from this process. */
  readonly tcpAnswer: (address: Address, port: number) => Promise<TcpAnswer>;
  /** The largest packet that enters a child's tunnel unfragmented, in bytes. */
  readonly tunnelMtu: (placed: Placed) => number;
  readonly xfrmErrors: () => ReadonlyMap<string, number>;
  /** The kernel's counters of each SA with an if_id. */
  readonly saCounters: () => readonly KernelCounters[];
  /** The SAs of charon, with statistics. */
  readonly statistics: () => Promise<readonly IkeSa[]>;
}
