import assert from "node:assert/strict";
import { mock } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import {
  readReservations,
  type ConnectionReservations,
} from "../../src/model/addresses/connection-reservations.ts";
import { asking, gateway, Replica } from "./admitting.ts";
import { KubeApi } from "./kube-api.ts";

type Pod = KubeObject & { readonly status?: { readonly phase?: string } };

/** Passes time in slices, between which promises and streams run. */
export async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 5) {
    mock.timers.tick(5);
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
  }
}

/** Two replicas of the operator with one API server. */
export class TwoReplicas implements Disposable {
  readonly api: KubeApi;
  readonly replicas: Replica[];
  readonly denials: string[] = [];
  readonly #latency: () => number;
  #made = 0;

  constructor(pool: string, latency: () => number) {
    this.#latency = latency;
    this.api = new KubeApi(latency);
    const net = childSpec(2, { name: "net", ip_pools: { primary: [pool] } });
    const connection = connectionSpec("partner", { children: { net }, nodeName: "node-a" });
    this.api.put(resourceTypes.IPSecConnection, connection as KubeObject);
    this.api.put(resourceTypes.Pod, gateway);
    this.replicas = [new Replica(this.api, true), new Replica(this.api, false)];
  }

  /** The pods that hold an address. */
  get pods(): KubeObject[] {
    return (this.api.all(resourceTypes.Pod) as Pod[])
      .filter(({ metadata }) => label.worker in (metadata.labels ?? {}))
      .filter(({ status }) => status?.phase !== "Succeeded");
  }

  get pending(): string[] {
    return Object.keys(this.reservations?.pending ?? {});
  }

  get reservations(): ConnectionReservations | undefined {
    return this.api.all(resourceTypes.ConfigMap).map(readReservations)[0];
  }

  /** Creates pods by one replica, at an even pace. */
  async createMany(which: number, count: number): Promise<Promise<void>[]> {
    const asked: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      asked.push(this.create(which));
      await pass(20);
    }
    return asked;
  }

  /** Creates a pod by one replica: it is stored a while after it is admitted. */
  async create(which: number, wish: Readonly<Record<string, string>> = {}): Promise<void> {
    const replica = this.replicas[which % 2] as Replica;
    const pod = asking(`pod-${this.#made++}`, wish);
    const answer = await Promise.race([replica.admit(pod), replica.ended]);
    await new Promise<void>((resolve) => setTimeout(resolve, 10 * this.#latency()));
    if (answer === undefined) return;
    if ("denied" in answer) this.denials.push(answer.denied);
    else this.api.put(resourceTypes.Pod, answer.pod);
    this.assertDistinct();
  }

  /** Creates a pod by one replica, and passes this time meanwhile. */
  async created(which: number, ms: number, wish: Readonly<Record<string, string>> = {}) {
    const asked = this.create(which, wish);
    await pass(ms);
    await asked;
  }

  /** Finishes a pod: the pod stays, and another pod may get its address. */
  finish(pod: KubeObject): void {
    this.api.put(resourceTypes.Pod, { ...pod, status: { phase: "Succeeded" } } as KubeObject);
  }

  delete({ metadata }: KubeObject): void {
    this.api.remove(resourceTypes.Pod, metadata);
  }

  /** Ends a replica in the middle of its work and replaces it by a new one. */
  crash(which: number, leads = which === 0): void {
    this.replicas[which]?.[Symbol.dispose]();
    this.replicas[which] = new Replica(this.api, leads);
  }

  slow(which: number, lagMs: number): void {
    (this.replicas[which] as Replica).lagMs = lagMs;
  }

  /** Sets a replica's clock ahead of the test's time, or back. */
  setClock(which: number, hours: number): void {
    (this.replicas[which] as Replica).skewMs = hours * 3_600_000;
  }

  assertDistinct(): void {
    const addresses = this.pods.map(({ metadata }) => metadata.annotations?.[annotation.vxlanIp]);
    assert.ok(!addresses.includes(undefined));
    assert.equal(new Set(addresses).size, addresses.length, addresses.join(" "));
  }

  [Symbol.dispose](): void {
    for (const replica of this.replicas) replica[Symbol.dispose]();
  }
}
