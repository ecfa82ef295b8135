import type { Observable } from "rxjs";
import type { SaEvent } from "../../adapters/xfrm/sa-events.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { Child, Connection, FloatingAddress } from "../../model/api/connection.ts";
import type { Address } from "../../model/net/address.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { KernelCounters } from "../../model/traffic/sa-counters.ts";
import type { HeldSas, KernelState } from "../../model/charon/held-sas.ts";
import type { CharonAlgorithms } from "../../model/charon/proposals/charon-algorithms.ts";
import type { ChildServices } from "../../model/translation/child-services.ts";
import type { CountedTraffic } from "../../model/traffic/counted-traffic.ts";
import type { GatewayUsage } from "../../model/status/tracked-usage.ts";
import type { ViciMessage } from "../../model/charon/vici-message.ts";
import type { EchoOutcome } from "../../model/probe/echo-judge.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import type { LoadResult } from "../../machines/path/path-types.ts";
import type { GatewayOrder, KernelPart, PassResult } from "../../machines/gateway/gateway-types.ts";
import type { ProbeOrder } from "../../machines/probe.ts";

/** The functions of an IKE daemon that the runtime uses. */
export interface CharonPort extends Disposable {
  readonly open: () => Promise<void>;
  readonly closed: () => Promise<unknown>;
  /** Emits when SAs change. */
  readonly events: () => Observable<CharonEvent>;
  /** Emits charon's log and the failures that it reports. */
  readonly log: () => Observable<CharonEvent>;
  /** Emits when the peer of an IKE SA stops answering and when it answers again. */
  readonly silences: () => Observable<CharonEvent>;
  /** The algorithms of the daemon in this session, if they are known. */
  readonly algorithms: CharonAlgorithms | undefined;
  /**
   * Loads a connection with its key, by the message of `load-conn`; resolves with what charon had
   * loaded of it before.
   */
  readonly load: (
    connection: Connection,
    key: Uint8Array,
    message: Record<string, ViciMessage>,
  ) => Promise<Omit<LoadResult, "omitted">>;
  /** Unloads a connection's key; its SAs stay. */
  readonly withdrawKey: (name: string) => Promise<void>;
  readonly unload: (name: string) => Promise<void>;
  /**
   * The names of connections that the daemon no longer has, completely and with their keys, as they
   * were loaded in this session. The content of only a few is compared each time, in turn.
   */
  readonly lost: () => Promise<readonly string[]>;
  /** Initiates a CHILD SA, or an IKE SA that has none. */
  readonly initiate: (connection: string, child?: string) => Promise<void>;
  readonly terminateIkeSa: (uniqueId: string) => Promise<void>;
  readonly terminateChildSa: (uniqueId: string) => Promise<void>;
  readonly rekeyChildSa: (uniqueId: string) => Promise<void>;
  readonly list: () => Promise<readonly IkeSa[]>;
  /**
   * Lists the SAs and policies that the daemon holds in the kernel; rejects if a list is
   * incomplete.
   */
  readonly held: () => Promise<HeldSas>;
  /** The names of the connections that ipman loaded. */
  readonly owned: () => Promise<readonly string[]>;
}

/** The functions of the kernel that the runtime uses. */
export interface NetworkPort {
  /** Makes a gateway's namespace match its plan; the result says whether anything changed. */
  readonly apply: (order: GatewayOrder) => PassResult;
  /** Derives the secrets of a worker that the plan needs: ahead of `apply`, since it takes time. */
  readonly prepare: (connection: Pick<Connection, "id">, child: Child, worker: Worker) => void;
  /**
   * Keeps back what workers send until the release.
   *
   * @throws if the kernel cannot hold packets
   */
  readonly hold: (order: GatewayOrder) => Disposable;
  /** Announces the address of a gateway to its workers. */
  readonly announce: (order: GatewayOrder) => void;
  /** The SAs and policies of these if_ids in charon's namespace. */
  readonly kernelStates: (ifIds: ReadonlySet<number>) => readonly KernelState[];
  /**
   * Removes the SAs and policies that have not been replaced since they were read; returns their
   * number.
   */
  readonly removeStates: (states: readonly KernelState[]) => number;
  /**
   * Removes every SA and policy of these if_ids, whose tunnels are no longer declared; returns
   * their number.
   */
  readonly removeSas: (ifIds: ReadonlySet<number>) => number;
  /** The kernel's events about SAs in charon's namespace. */
  readonly saEvents: () => Observable<SaEvent>;
  /**
   * Packets that IPsec dropped in charon's namespace, by the kernel's counter.
   *
   * @throws while charon is away
   */
  readonly xfrmErrors: () => ReadonlyMap<string, number>;
  /**
   * The counters of the SAs with an if_id in charon's namespace.
   *
   * @throws while charon is away
   */
  readonly saCounters: () => readonly KernelCounters[];
  /** The connections of those gateways that track any; empty if none has Services. */
  readonly trackedConnections: () => readonly GatewayUsage[];
  /**
   * The traffic of Services and translated addresses that gateways count: an item for each gateway that
   * counts any, which is read from the kernel when it is its turn.
   */
  readonly countedTraffic: () => Iterable<readonly CountedTraffic[]>;
  /** Sends echo requests through a gateway, and emits the judgement of each. */
  readonly echoes: (order: ProbeOrder) => Observable<EchoOutcome>;
  /** Emits the part of the namespace that changed, at each change. */
  readonly watch: (gateway: Gateway) => Observable<KernelPart>;
}

/** The floating addresses of the node. */
export interface AddressPort {
  /**
   * Gives the node an address and announces it, unless the node has it; returns whether it was added.
   *
   * @throws if the node cannot have it
   */
  readonly hold: (floating: FloatingAddress) => boolean;
  /** Announces an address that the node has to its link. */
  readonly announce: (address: Address) => void;
  readonly release: (address: Address) => void;
  /** Removes those that an earlier process added and that are not declared; returns them. */
  readonly releaseOthers: (declared: readonly Address[]) => readonly Address[];
}

/** The source of gateways and workers: this host, or a cluster. */
export interface PlacementPort {
  /** Requests a gateway for the child; `gateways` emits it once it exists. */
  readonly ensureGateway: (connectionId: string, child: Child) => void;
  /**
   * Removes gateways that an earlier process left, of children that are not declared. Returns the
   * if_ids of undeclared children that it knows.
   */
  readonly prune: (declared: ReadonlyMap<string, Connection>) => number[];
  readonly removeGateway: (connectionId: string, childKey: string) => void;
  readonly gateways: Observable<readonly Gateway[]>;
  readonly workers: Observable<readonly Worker[]>;
  /** The Services of children, by the keys of their references; undefined where there are none. */
  readonly services?: Observable<ReadonlyMap<string, ChildServices>> | undefined;
}
