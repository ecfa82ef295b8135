import type { Observable } from "rxjs";
import type { SaEvent } from "../../adapters/netlink/sa-events.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { HeldSas, KernelState } from "../../model/charon/held-sas.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { LoadResult } from "../../machines/connection/connection-types.ts";
import type { GatewayOrder, KernelPart, PassResult } from "../../machines/gateway/gateway-types.ts";
import type { ProbeOrder } from "../../machines/probe.ts";

/** What the runtime wants of an IKE daemon. */
export interface CharonPort extends Disposable {
  readonly open: () => Promise<void>;
  readonly closed: () => Promise<unknown>;
  /** Emits when SAs change. */
  readonly events: () => Observable<CharonEvent>;
  /** Emits charon's log and the failures that it reports. */
  readonly log: () => Observable<CharonEvent>;
  /** Gives what charon had of the connection before. */
  readonly load: (connection: Connection, key: Uint8Array) => Promise<LoadResult>;
  /** Takes a connection's key out of the daemon; its SAs go on. */
  readonly withdrawKey: (name: string) => Promise<void>;
  readonly unload: (name: string) => Promise<void>;
  readonly initiate: (connection: string, child: string) => Promise<void>;
  readonly terminateIkeSa: (uniqueId: string) => Promise<void>;
  readonly terminateChildSa: (uniqueId: string) => Promise<void>;
  readonly rekeyChildSa: (uniqueId: string) => Promise<void>;
  readonly list: () => Promise<readonly IkeSa[]>;
  /** What it holds in the kernel; rejects where it does not say all of it. */
  readonly held: () => Promise<HeldSas>;
  readonly owned: () => Promise<readonly string[]>;
}

/** What the runtime wants of the kernel. */
export interface NetworkPort {
  /** Brings a gateway's namespace in line with its plan; says whether it was not. */
  readonly apply: (order: GatewayOrder) => PassResult;
  /** Derives what the plan needs of each of these workers: first, since it takes a while. */
  readonly prepare: (connection: Pick<Connection, "id">, child: Child, worker: Worker) => void;
  /** Tells the workers where their gateway is. */
  readonly announce: (order: GatewayOrder) => void;
  /** The SAs and policies of these if_ids in charon's namespace. */
  readonly kernelStates: (ifIds: ReadonlySet<number>) => readonly KernelState[];
  /** Removes those of these SAs and policies that are still what they were. */
  readonly removeStates: (states: readonly KernelState[]) => number;
  /** Removes every SA and policy of these if_ids: their tunnels are not wanted any more. */
  readonly removeSas: (ifIds: ReadonlySet<number>) => number;
  /** The kernel's events of SAs in charon's namespace. */
  readonly saEvents: () => Observable<SaEvent>;
  /**
   * Packets that IPsec did not let through in charon's namespace, by the kernel's counter.
   *
   * @throws while charon is away
   */
  readonly xfrmErrors: () => ReadonlyMap<string, number>;
  /** Echo requests through a gateway: each with its round trip in seconds, undefined for none. */
  readonly echoes: (order: ProbeOrder) => Observable<number | undefined>;
  /** Emits, when something changes the namespace, the part that changed. */
  readonly watch: (gateway: Gateway) => Observable<KernelPart>;
}

/** Where gateways and workers come from: this host, or a cluster. */
export interface PlacementPort {
  /** Wants a gateway for the child; `gateways` tells when it is there. */
  readonly ensureGateway: (connectionId: string, child: Child) => void;
  /**
   * Removes the gateways of children that are not among these, which an earlier process
   * left; gives the if_ids of all that it knows of and that are not.
   */
  readonly prune: (declared: ReadonlyMap<string, Connection>) => number[];
  readonly removeGateway: (connectionId: string, childKey: string) => void;
  readonly gateways: Observable<readonly Gateway[]>;
  readonly workers: Observable<readonly Worker[]>;
}
