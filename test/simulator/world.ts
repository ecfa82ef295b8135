import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BehaviorSubject } from "rxjs";
import { Charon } from "../../src/adapters/vici/charon.ts";
import { StatisticsSession } from "../../src/adapters/vici/statistics-session.ts";
import { resourceKey, type Resource, type Snapshot } from "../../src/model/api/resource.ts";
import { Metrics } from "../../src/runtime/metrics/metrics.ts";
import { containStreams } from "../../src/runtime/actors/contained.ts";
import type { DesiredPlace } from "../../src/runtime/desired/desired-state.ts";
import { desiredStates } from "../../src/runtime/desired/desired-states.ts";
import { Supervisor, type SupervisorOptions } from "../../src/runtime/supervisor/supervisor.ts";
import type { Behaviour } from "./charon/behaviour.ts";
import { SimulatedCharon } from "./charon.ts";
import type { SimulatorOptions } from "./charon/simulator-options.ts";
import { obedientNetwork, simulatedPlacement } from "./placement.ts";

/** Ports and settings that a test replaces. */
type Planted = Partial<
  Pick<SupervisorOptions, "network" | "placement" | "requireSecretConsent">
> & { readonly place?: DesiredPlace };

type Simulation = Pick<SimulatorOptions, "latencyMs" | "retransmitMs" | "version">;

/** A supervisor with a simulated charon and a kernel that accepts every call. */
export class World implements AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly breakdowns: unknown[] = [];
  readonly metrics = new Metrics();
  /** By connection; the peers of all others answer. */
  readonly behaviours = new Map<string, Behaviour>();
  readonly #folder = mkdtempSync(join(tmpdir(), "world-"));
  readonly #path = join(this.#folder, "vici");
  readonly #adapter = new Charon(this.#path);
  readonly #desired: BehaviorSubject<Snapshot>;
  readonly #simulation: Simulation;
  #charon: SimulatedCharon | undefined;

  constructor(resources: readonly Resource[], simulation: Simulation = {}, planted: Planted = {}) {
    this.#simulation = simulation;
    this.#desired = new BehaviorSubject<Snapshot>({ resources, problems: [] });
    this.supervisor = this.#supervisor(this.#adapter, planted);
    containStreams((...breakdown) => this.breakdowns.push(breakdown));
  }

  /** Replaces the supervisor, as after a restart, with the same charon and its SAs. */
  nextProcess(): Supervisor {
    this.supervisor[Symbol.dispose]();
    const next = this.#supervisor(new Charon(this.#path));
    next.start();
    return next;
  }

  /** Shows charon's statistics in the metrics as well. */
  observe(): void {
    const statistics = new StatisticsSession(this.#path, {}, this.#adapter);
    const { supervisor } = this;
    this.metrics.observe({
      running: supervisor,
      events: supervisor.events,
      charon: statistics,
      network: obedientNetwork,
    });
  }

  /** The running charon. */
  get charon(): SimulatedCharon {
    if (this.#charon === undefined) throw new Error("no charon runs");
    return this.#charon;
  }

  async start(): Promise<void> {
    await this.startCharon();
    this.supervisor.start();
  }

  /** @param changes of the simulation, as of another image */
  async startCharon(changes: Simulation = {}): Promise<void> {
    this.#charon = new SimulatedCharon({
      ...this.#simulation,
      ...changes,
      peer: (connection) => this.behaviours.get(connection) ?? "answers",
    });
    await this.#charon.listen(this.#path);
  }

  async stopCharon(): Promise<void> {
    await this.#charon?.[Symbol.asyncDispose]();
    this.#charon = undefined;
  }

  #supervisor(charon: Charon, { place, ...planted }: Planted = {}): Supervisor {
    const report = (error: unknown) => void this.breakdowns.push(["manifests", error]);
    const supervisor = new Supervisor({
      charon,
      network: obedientNetwork,
      placement: simulatedPlacement(),
      desired: desiredStates(this.#desired, { ...place, report }),
      ...planted,
    });
    supervisor.events.breakdowns.subscribe(({ id, error }) => this.breakdowns.push([id, error]));
    return supervisor;
  }

  declare(resources: readonly Resource[]): void {
    this.#desired.next({ resources, problems: [] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.supervisor[Symbol.dispose]();
    this.metrics[Symbol.dispose]();
    await this.stopCharon();
    rmSync(this.#folder, { recursive: true });
  }
}

/** The resource of a manifest, as read from a folder. */
export function resourceOf(document: { kind: string; metadata: { name: string } }): Resource {
  const kind = document.kind as Resource["kind"];
  const key = resourceKey(kind, document) ?? "";
  return { kind, key, source: `${key}.yaml`, document };
}
