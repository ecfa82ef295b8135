import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BehaviorSubject, NEVER, of } from "rxjs";
import { Charon } from "../../src/adapters/vici/charon.ts";
import type { Child } from "../../src/model/connection.ts";
import type { Gateway } from "../../src/model/endpoint.ts";
import type { Resource, Snapshot } from "../../src/model/resource.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { SimulatedCharon, type Behaviour, type SimulatorOptions } from "./charon.ts";

type Simulation = Pick<SimulatorOptions, "latencyMs" | "retransmitMs">;

/** A supervisor on a simulated charon; the kernel does whatever it is told. */
export class World implements AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly breakdowns: unknown[] = [];
  /** By connection; those that are not named answer. */
  readonly behaviours = new Map<string, Behaviour>();
  readonly #folder = mkdtempSync(join(tmpdir(), "world-"));
  readonly #path = join(this.#folder, "vici");
  readonly #desired: BehaviorSubject<Snapshot>;
  readonly #gateways = new BehaviorSubject<readonly Gateway[]>([]);
  readonly #simulation: Simulation;
  #charon: SimulatedCharon | undefined;

  constructor(resources: readonly Resource[], simulation: Simulation = {}) {
    this.#simulation = simulation;
    this.#desired = new BehaviorSubject<Snapshot>({ resources, problems: [] });
    this.supervisor = new Supervisor({
      charon: new Charon(this.#path),
      network: {
        apply: () => {},
        removeOrphans: () => 0,
        expiries: () => NEVER,
        watch: () => NEVER,
      },
      placement: {
        ensureGateway: (connection, child) => this.#place(connection, child),
        prune: () => [],
        removeGateway: (connection, key) => this.#unplace(connection, key),
        gateways: this.#gateways,
        workers: of([]),
      },
      desired: this.#desired,
      onAdapterCall: () => {},
      onNews: () => {},
      onBreakdown: (...breakdown) => this.breakdowns.push(breakdown),
    });
  }

  /** The charon that runs now. */
  get charon(): SimulatedCharon {
    if (this.#charon === undefined) throw new Error("no charon runs");
    return this.#charon;
  }

  async start(): Promise<void> {
    await this.startCharon();
    this.supervisor.start();
  }

  async startCharon(): Promise<void> {
    this.#charon = new SimulatedCharon({
      ...this.#simulation,
      peer: (connection) => this.behaviours.get(connection) ?? "answers",
    });
    await this.#charon.listen(this.#path);
  }

  async stopCharon(): Promise<void> {
    await this.#charon?.[Symbol.asyncDispose]();
    this.#charon = undefined;
  }

  declare(resources: readonly Resource[]): void {
    this.#desired.next({ resources, problems: [] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.supervisor[Symbol.dispose]();
    await this.stopCharon();
    rmSync(this.#folder, { recursive: true });
  }

  #place(connection: string, { key, ifId }: Child): void {
    const id = `${connection}/${key}`;
    if (this.#gateways.value.some((gateway) => gateway.id === id)) return;
    const gateway: Gateway = {
      ...{ id, connection, child: key, netns: `/run/netns/${ifId}` },
      ...{ underlay: { family: 4, value: BigInt(ifId) }, device: "ipman0", mtu: 9_000 },
    };
    this.#gateways.next([...this.#gateways.value, gateway]);
  }

  #unplace(connection: string, key: string): void {
    const others = this.#gateways.value.filter(({ id }) => id !== `${connection}/${key}`);
    this.#gateways.next(others);
  }
}

/** Documents as a folder would give them. */
export function resourceOf(document: {
  kind: string;
  metadata: { name: string; namespace?: string };
}): Resource {
  const { kind, metadata } = document;
  const key = kind === "Secret" ? `${metadata.namespace}/${metadata.name}` : metadata.name;
  return { kind: kind as Resource["kind"], key, source: `${key}.yaml`, document };
}
