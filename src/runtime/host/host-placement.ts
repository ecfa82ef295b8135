import { randomBytes } from "node:crypto";
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
import type { StateFile } from "../../adapters/files/state-file.ts";
import { createNamespace, deleteNamespace, netnsPath } from "../../adapters/linux/namespace.ts";
import { bitsOf, formatAddress, type Address } from "../../model/net/address.ts";
import { freeAddress } from "../../model/net/address-pool.ts";
import { childRefKey } from "../../model/api/child-ref.ts";
import type { Child, Connection } from "../../model/api/connection.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import { vxlanName } from "../../model/network/gateway-plan.ts";
import { isOfPool } from "../../model/addresses/pool.ts";
import { networkOf, parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import { sameItems } from "../../model/value/same-items.ts";
import { childWanted, poolWanted, type AttachRequest } from "./attach-request.ts";
import type { PlacementPort } from "../ports/ports.ts";
import { StateWriter, type StateWrites } from "./state-writer.ts";

export interface HostPlacementOptions {
  /** Stores gateways and workers across restarts. */
  readonly file: StateFile<HostEndpoints>;
  readonly fabric: Pick<Fabric, "plug" | "unplug" | "endOtherSegments" | "remove">;
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
  readonly #writer: StateWriter<HostEndpoints>;
  readonly #fabric: HostPlacementOptions["fabric"];
  readonly #onTrouble: (error: unknown) => void;
  readonly #network: Prefix;
  readonly #state: BehaviorSubject<HostEndpoints>;
  /** The inodes of the gateways' namespaces by name, since a name can be reused. */
  readonly #inodes = new Map<string, number>();

  constructor({ file, fabric, network, onTrouble }: HostPlacementOptions) {
    this.#writer = new StateWriter({ file, onTrouble });
    this.#fabric = fabric;
    this.#onTrouble = onTrouble;
    this.#network = networkOf(network);
    this.#state = new BehaviorSubject(file.read(onTrouble));
  }

  /** The state of the file. */
  get writes(): StateWrites {
    return this.#writer;
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
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
    return removed.flatMap(({ id }) => ifIdOf(id) ?? []);
  }

  /** Checks which namespaces still exist, removes missing workers and reports missing gateways. */
  check(): void {
    const { workers, gateways } = this.#state.value;
    const present = workers.filter(({ netns }) => existsSync(netns));
    if (present.length < workers.length) this.#update({ gateways, workers: present });
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
      first((gateways) => gateways.some(({ id }) => id === gatewayName(child))),
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
    const gateway = this.#state.value.gateways.find(({ id }) => id === gatewayName(child));
    if (gateway === undefined)
      throw new Error(`the gateway of ${refOf(connection, child)} is not ready yet`);
    const worker = this.#workerOf(netns, connection, child, pool);
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
    this.#fabric.endOtherSegments(netns, new Set(children.map(vxlanName)));
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
    for (const { id } of gateways) deleteNamespace(id);
    for (const { netns } of workers) this.#unplug(netns);
    this.#fabric.remove();
    this.#update({ gateways: [], workers: [] });
    this[Symbol.dispose]();
  }

  /** Unplugs a namespace; an error does not affect the others. */
  #unplug(netns: string): void {
    try {
      this.#fabric.unplug(netns);
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  /** Whether the child's gateway still has its namespace. */
  #isProvided(connectionId: string, child: Child): boolean {
    const gateway = this.#state.value.gateways.find(({ id }) => id === gatewayName(child));
    if (gateway?.connection !== connectionId || gateway.child !== child.key) return false;
    return this.#inodes.get(gateway.id) === inodeOf(gateway.netns);
  }

  #provide(connectionId: string, child: Child): void {
    const name = gatewayName(child);
    this.#dropRenamed(connectionId, child);
    const { gateways, workers } = this.#state.value;
    const known = gateways.find(({ id }) => id === name);
    const gateway: Gateway = {
      id: name,
      connection: connectionId,
      child: child.key,
      underlay: known?.underlay ?? this.#freeUnderlay(),
      netns: netnsPath(name),
      device: fabricDevice,
      mtu: fabricMtu,
    };
    if (!existsSync(gateway.netns)) createNamespace(name);
    this.#fabric.plug(gateway.netns, gateway.underlay);
    this.#inodes.set(name, inodeOf(gateway.netns));
    this.#update({ workers, gateways: [...gateways.filter(({ id }) => id !== name), gateway] });
  }

  /** Removes the gateway that the child had under another if_id. */
  #dropRenamed(connectionId: string, child: Child): void {
    this.#remove(
      (g) => g.connection === connectionId && g.child === child.key && g.id !== gatewayName(child),
    );
  }

  #remove(which: (gateway: Gateway) => boolean): Gateway[] {
    const { gateways, workers } = this.#state.value;
    const removed = gateways.filter(which);
    for (const { id } of removed) {
      this.#inodes.delete(id);
      deleteNamespace(id);
    }
    if (removed.length > 0) {
      this.#update({ workers, gateways: gateways.filter((g) => !removed.includes(g)) });
    }
    return removed;
  }

  #workerOf(netns: string, connection: Connection, child: Child, pool: string): HostWorker {
    const { workers } = this.#state.value;
    const id = `${netns} ${refOf(connection, child)}`;
    const ranges = child.pools.get(pool) ?? [];
    const known = workers.find((worker) => worker.id === id);
    const isHeld = known?.pool === pool && isOfPool(child, pool, known.address.address);
    if (known !== undefined && isHeld) return known;
    const used = new Set(
      workers
        .filter((w) => w.connection === connection.id && w.child === child.key && w.id !== id)
        .map(({ address }) => formatAddress(address.address)),
    );
    const address = freeAddress(ranges, used, child.vxlanIp.length);
    if (address === undefined) {
      throw new Error(
        `pool "${pool}" of ${refOf(connection, child)} has no free address: all ${used.size} are attached`,
      );
    }
    const sibling = workers.find((worker) => worker.netns === netns);
    const underlay = sibling?.underlay ?? known?.underlay ?? this.#freeUnderlay();
    const reservation = randomBytes(16).toString("hex");
    const place = { connection: connection.id, child: child.key, pool };
    return { id, netns, ...place, address, underlay, reservation };
  }

  #freeUnderlay(): Address {
    const { gateways, workers } = this.#state.value;
    const used = new Set([...gateways, ...workers].map(({ underlay }) => formatAddress(underlay)));
    const { family, value } = this.#network.address;
    const size = 1n << BigInt(bitsOf(family) - this.#network.length);
    const range = {
      first: { family, value: value + 1n },
      last: { family, value: value + size - 2n },
      prefixLength: undefined,
    };
    const free = freeAddress([range], used, this.#network.length);
    if (free === undefined)
      throw new Error("the fabric has no free address: start with a larger --fabric");
    return free.address;
  }

  #update(endpoints: HostEndpoints): void {
    this.#writer.save(endpoints);
    this.#state.next(endpoints);
  }
}

/** Parses the option `--fabric`. */
export function fabricNetwork(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined || prefix.length > bitsOf(prefix.address.family) - 3) {
    throw new Error(
      `--fabric: "${text}" is not a network with at least 8 addresses, such as 198.18.0.0/16`,
    );
  }
  return prefix;
}

/** The name of a child's gateway, by its if_id, which is unique on a host. */
function gatewayName(child: Child): string {
  return `ipman-${child.ifId}`;
}

/** The if_id in a gateway's name. */
function ifIdOf(name: string): number | undefined {
  const digits = /^ipman-(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function refOf({ id }: Connection, { key }: Child): string {
  return childRefKey({ connection: id, child: key });
}

function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}
