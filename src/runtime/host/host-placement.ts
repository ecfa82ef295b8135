import { existsSync, statSync } from "node:fs";
import {
  BehaviorSubject,
  distinctUntilChanged,
  first,
  map,
  throwError,
  timeout,
  type Observable,
} from "rxjs";
import type { HostEndpoints, HostWorker } from "../../adapters/host/endpoints.ts";
import { fabricDevice, fabricMtu, type Fabric } from "../../adapters/host/fabric.ts";
import { nothingFound, type FoundEndpoints } from "../../adapters/host/found-endpoints.ts";
import { gatewayNamespace, ifIdOfNamespace } from "../../adapters/host/gateway-namespace.ts";
import type { OwnNamespace } from "../../adapters/host/own-namespace.ts";
import type { StateFile } from "../../adapters/files/state-file.ts";
import { netnsPath } from "../../adapters/linux/namespace.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import { vxlanName } from "../../model/network/gateway-plan.ts";
import { networkOf, type Prefix } from "../../model/net/prefix.ts";
import { sameItems } from "../../model/value/same-items.ts";
import { childWanted, poolWanted, type AttachRequest } from "./attach-request.ts";
import { FormerEndpoints } from "./former-endpoints.ts";
import { freeUnderlay, refOf, workerFor, type UsedAddresses } from "./host-addresses.ts";
import type { PlacementPort } from "../ports/ports.ts";
import { StateWriter, type StateWrites } from "./state-writer.ts";

/** Creates and removes namespaces of ipman's. */
export interface Namespaces {
  /** @throws {ForeignNamespaceError} if another program has a namespace of that name */
  readonly ensure: (wanted: OwnNamespace) => void;
  /** Returns false if the namespace is another program's, and stays. */
  readonly remove: (namespace: OwnNamespace) => boolean;
}

export interface HostPlacementOptions {
  /** Stores gateways and workers across restarts. */
  readonly file: StateFile<HostEndpoints>;
  readonly fabric: Pick<Fabric, "plug" | "unplug" | "endOtherSegments" | "remove">;
  /** The namespaces of gateways. */
  readonly namespaces: Namespaces;
  /** Finds the endpoints of a former process in the kernel, in case that the file is lost. */
  readonly find: () => FoundEndpoints;
  /** The network between gateways and workers. */
  readonly network: Prefix;
  readonly onTrouble: (error: unknown) => void;
}

/** The result of an attach request. */
export interface Attachment {
  readonly worker: HostWorker;
  readonly gateway: Gateway;
  readonly child: Child;
}

/** The time limit for a gateway in milliseconds: other gateways may be created before it. */
const placedWithinMs = 10_000;

/** Gateways and workers of one host: named network namespaces on a fabric. */
export class HostPlacement implements PlacementPort, Disposable {
  readonly #file: StateFile<HostEndpoints>;
  readonly #writer: StateWriter<HostEndpoints>;
  readonly #fabric: HostPlacementOptions["fabric"];
  readonly #namespaces: Namespaces;
  readonly #onTrouble: (error: unknown) => void;
  readonly #network: Prefix;
  readonly #state: BehaviorSubject<HostEndpoints>;
  /** The inodes of the gateways' namespaces by name, since a name can be reused. */
  readonly #inodes = new Map<string, number>();
  readonly #former: FormerEndpoints;

  constructor({ file, fabric, namespaces, find, network, onTrouble }: HostPlacementOptions) {
    this.#file = file;
    this.#writer = new StateWriter({ file, onTrouble });
    this.#fabric = fabric;
    this.#namespaces = namespaces;
    this.#onTrouble = onTrouble;
    this.#network = networkOf(network);
    const stored = file.read(onTrouble);
    this.#former = new FormerEndpoints(stored === undefined ? find() : nothingFound);
    this.#state = new BehaviorSubject(stored ?? { gateways: [], workers: [] });
  }

  /** The state of the file. */
  get writes(): StateWrites {
    return this.#writer;
  }

  /** Why the endpoints are not stored, or could not be read. */
  get problem(): string | undefined {
    return this.#writer.problem ?? this.#file.problem;
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }

  /** Writes the file again, which another program removed. */
  store(): void {
    this.#writer.save(this.#state.value);
  }

  get gateways(): Observable<readonly Gateway[]> {
    return this.#state.pipe(
      map(({ gateways }) => gateways.filter(({ id }) => this.#inodes.has(id))),
      distinctUntilChanged(sameItems),
    );
  }

  get workers(): Observable<readonly Worker[]> {
    return this.#state.pipe(
      map(({ workers }) => workers),
      distinctUntilChanged(sameItems),
    );
  }

  ensureGateway(connectionId: string, child: Child): void {
    if (!this.#isProvided(connectionId, child)) this.#provide(connectionId, child);
  }

  removeGateway(connectionId: string, childKey: string): void {
    this.#remove((g) => g.connection === connectionId && g.child === childKey);
  }

  prune(declared: ReadonlyMap<string, Connection>): number[] {
    const removed = this.#remove(({ connection, child }) => {
      const children = declared.get(connection)?.children ?? [];
      return !children.some(({ key }) => key === child);
    });
    for (const ifId of this.#former.unclaimed(declared.values())) this.#reportUnclaimed(ifId);
    return removed.flatMap(({ id }) => ifIdOfNamespace(id) ?? []);
  }

  /**
   * The requests that attach workers of a former process again: those whose list was lost, and all
   * of them if their secrets have to change.
   */
  requestsToRepeat(
    connections: ReadonlyMap<string, Connection>,
    haveOtherSecrets: boolean,
  ): AttachRequest[] {
    const listed = haveOtherSecrets ? this.#state.value.workers : [];
    return [
      ...listed.map(({ netns, connection, child, pool }) => ({ netns, connection, child, pool })),
      ...this.#former.requests(connections.values()),
    ];
  }

  /** Checks which namespaces still exist, removes missing workers and reports missing gateways. */
  check(): void {
    const { workers, gateways } = this.#state.value;
    const present = workers.filter(({ netns }) => existsSync(netns));
    if (present.length < workers.length) this.#update({ gateways, workers: present });
    this.#former.check();
    for (const gateway of gateways) {
      const known = this.#inodes.get(gateway.id);
      if (known === undefined || known === inodeOf(gateway.netns)) continue;
      this.#inodes.delete(gateway.id);
      this.#update({ ...this.#state.value });
    }
  }

  /** Emits when the child's gateway is ready; fails when that takes too long. */
  placed(
    request: AttachRequest,
    connections: ReadonlyMap<string, Connection>,
  ): Observable<unknown> {
    const { connection, child } = childWanted(request, connections);
    const late = () =>
      new Error(`the gateway of ${refOf(connection, child)} is not ready: see "ipman status"`);
    return this.gateways.pipe(
      first((gateways) => gateways.some(({ id }) => id === gatewayNamespace(child.ifId).name)),
      timeout({ first: placedWithinMs, with: () => throwError(late) }),
    );
  }

  /**
   * Gives a namespace its port on the fabric and an address in the segment.
   *
   * @throws if the state cannot be saved, since a restart would assign the address again
   */
  attach(request: AttachRequest, connections: ReadonlyMap<string, Connection>): Attachment {
    const { connection, child } = childWanted(request, connections);
    const pool = poolWanted(request.pool, child);
    const netns = request.netns.includes("/") ? request.netns : netnsPath(request.netns);
    if (!existsSync(netns)) throw new Error(`there is no network namespace ${netns}`);
    const gateway = this.#gatewayOf(child);
    if (gateway === undefined)
      throw new Error(`the gateway of ${refOf(connection, child)} is not ready yet`);
    const worker = workerFor(this.#used, { netns, connection, child, pool });
    this.#fabric.plug(netns, worker.underlay);
    if (!this.#state.value.workers.includes(worker)) this.#save(worker);
    this.#endFormerSegments(netns, connections);
    return { worker, gateway, child };
  }

  /** Ends the segments of children whose if_id or name changed. */
  #endFormerSegments(netns: string, connections: ReadonlyMap<string, Connection>): void {
    const workers = this.#state.value.workers.filter((worker) => worker.netns === netns);
    const children = workers.map(({ connection, child }) =>
      connections.get(connection)?.children.find(({ key }) => key === child),
    );
    // A manifest that is missing now may come back, and its workers continue.
    if (!children.every((child) => child !== undefined)) return;
    const ifIds = [...children.map(({ ifId }) => ifId), ...this.#former.segmentsOf(netns)];
    this.#fabric.endOtherSegments(netns, new Set(ifIds.map((ifId) => vxlanName({ ifId }))));
  }

  #save(worker: HostWorker): void {
    const { gateways, workers } = this.#state.value;
    const others = workers.filter(({ id }) => id !== worker.id);
    const next = { gateways, workers: [...others, worker] };
    try {
      this.#writer.saveNow(next);
    } catch (cause) {
      if (!workers.some(({ netns }) => netns === worker.netns)) this.#fabric.unplug(worker.netns);
      const why = `${worker.netns} is not attached, since a restart would assign its address again`;
      throw new Error(`${why}: ${this.#writer.problem}. Free space on the disk and try again`, {
        cause,
      });
    }
    this.#state.next(next);
  }

  /** Removes everything that this placement created. */
  removeAll(): void {
    const { gateways, workers } = this.#state.value;
    for (const { id } of gateways) this.#attempt(() => this.#removeNamespace(id));
    for (const { netns } of workers) this.#attempt(() => this.#fabric.unplug(netns));
    this.#attempt(() => this.#fabric.remove());
    this.#update({ gateways: [], workers: [] });
    this[Symbol.dispose]();
  }

  /** Runs one step of the removal; an error does not affect the others. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  #removeNamespace(id: string): void {
    const ifId = ifIdOfNamespace(id);
    if (ifId === undefined || this.#namespaces.remove(gatewayNamespace(ifId))) return;
    this.#onTrouble(new Error(`${netnsPath(id)} stays, since ipman did not make it`));
  }

  /**
   * Reports a gateway's namespace that no declared child has. It stays: without the list, it may
   * belong to another ipman with another state folder.
   */
  #reportUnclaimed(ifId: number): void {
    const { name } = gatewayNamespace(ifId);
    const why = `no declared child has the if_id of the network namespace ${name}`;
    this.#onTrouble(new Error(`${why}; "ip netns delete ${name}" removes it`));
  }

  /** Whether the child's gateway still has its namespace. */
  #isProvided(connectionId: string, child: Child): boolean {
    const gateway = this.#gatewayOf(child);
    if (gateway?.connection !== connectionId || gateway.child !== child.key) return false;
    return this.#inodes.get(gateway.id) === inodeOf(gateway.netns);
  }

  #gatewayOf({ ifId }: Child): Gateway | undefined {
    const { name } = gatewayNamespace(ifId);
    return this.#state.value.gateways.find(({ id }) => id === name);
  }

  /** @throws {ForeignNamespaceError} if another program has a namespace of that name */
  #provide(connectionId: string, child: Child): void {
    const namespace = gatewayNamespace(child.ifId);
    const { name } = namespace;
    this.#dropRenamed(connectionId, child);
    const { gateways, workers } = this.#state.value;
    const known = gateways.find(({ id }) => id === name);
    const gateway: Gateway = {
      id: name,
      connection: connectionId,
      child: child.key,
      underlay:
        known?.underlay ?? this.#former.all.gateways.get(child.ifId) ?? freeUnderlay(this.#used),
      netns: netnsPath(name),
      device: fabricDevice,
      mtu: fabricMtu,
    };
    this.#namespaces.ensure(namespace);
    // Listed first: it is removed with its child even if the fabric cannot take it.
    this.#update({ workers, gateways: [...gateways.filter(({ id }) => id !== name), gateway] });
    this.#fabric.plug(gateway.netns, gateway.underlay);
    this.#inodes.set(name, inodeOf(gateway.netns));
    this.#state.next({ ...this.#state.value });
  }

  /** Removes the gateway that the child had under another if_id. */
  #dropRenamed(connectionId: string, child: Child): void {
    const { name } = gatewayNamespace(child.ifId);
    this.#remove((g) => g.connection === connectionId && g.child === child.key && g.id !== name);
  }

  #remove(which: (gateway: Gateway) => boolean): Gateway[] {
    const { gateways, workers } = this.#state.value;
    const removed = gateways.filter(which);
    for (const { id } of removed) {
      this.#inodes.delete(id);
      this.#removeNamespace(id);
    }
    if (removed.length > 0) {
      this.#update({ workers, gateways: gateways.filter((g) => !removed.includes(g)) });
    }
    return removed;
  }

  get #used(): UsedAddresses {
    return { endpoints: this.#state.value, found: this.#former.all, network: this.#network };
  }

  #update(endpoints: HostEndpoints): void {
    this.#writer.save(endpoints);
    this.#state.next(endpoints);
  }
}

function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}
