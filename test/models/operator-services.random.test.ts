import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import { ServicesWorld } from "../simulator/services-world.ts";
import { pass, TwoReplicas } from "../simulator/two-replicas.ts";

const { ConfigMap, Service } = resourceTypes;
const pool = "10.0.2.10-10.0.2.21";
const names = ["a", "b", "c", "d", "e", "f"];

/** A generator of numbers from 0 up to 1, the same for each seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Two replicas that admit pods, and a leader that gives Services addresses. */
class Both implements Disposable {
  readonly #random: () => number;
  readonly pods: TwoReplicas;
  readonly services: ServicesWorld;

  constructor(seed: number) {
    this.#random = numbers(seed);
    this.pods = new TwoReplicas(pool, () => 1 + Math.floor(this.#random() * 10));
    this.services = new ServicesWorld(pool, this.pods.api);
  }

  /** Makes a random change. */
  async step(): Promise<void> {
    const { pods, services } = this;
    const name = this.#one(names);
    const address = `10.0.2.${10 + Math.floor(this.#random() * 12)}`;
    const wish = this.#random() < 0.4 ? { [annotation.address]: address } : {};
    const changes = [
      () => void pods.create(this.#random() < 0.5 ? 0 : 1, wish),
      () => void pods.create(this.#random() < 0.5 ? 0 : 1),
      () => pods.pods.length > 0 && pods.delete(this.#one(pods.pods)),
      () => services.expose(name, wish),
      () => services.expose(name, wish),
      () => pods.api.remove(Service, { namespace: "shop", name }),
      () => this.#random() < 0.2 && services.restart(),
      () => services.lag(this.#one(Object.values(resourceTypes)), this.#random() * 200),
      () => pods.slow(this.#random() < 0.5 ? 0 : 1, this.#random() * 200),
    ];
    this.#one(changes)();
    await pass(5 * Math.floor(this.#random() * 40));
    this.assertDistinct();
  }

  assertDistinct(): void {
    this.pods.assertDistinct();
    const ofPods = this.pods.pods.map(({ metadata }) =>
      metadata.annotations?.[annotation.vxlanIp]?.replace(/\/.*/, ""),
    );
    const { addresses } = this.services;
    const shared = ofPods.filter((address) => Object.hasOwn(addresses, address ?? ""));
    assert.deepEqual(shared, []);
  }

  /** Every Service shows the address that is stored for it, and no other has one. */
  assertShown(): void {
    const stored = Object.entries(this.services.addresses).flatMap(([address, owners]) =>
      owners.map(({ service }) => `${service} ${address}`),
    );
    const shown = names.flatMap((name) =>
      this.services.ingressOf(name).map(({ ip }) => `shop/${name} ${ip}`),
    );
    assert.deepEqual(shown.toSorted(), stored.toSorted());
  }

  [Symbol.dispose](): void {
    this.services[Symbol.dispose]();
    this.pods[Symbol.dispose]();
  }

  #one<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }
}

describe("pods and Services", () => {
  before(() => {
    mock.timers.enable({
      apis: ["setTimeout", "setInterval", "Date"],
      now: Date.UTC(2026, 10, 26),
    });
  });
  after(() => mock.timers.reset());

  it("have different addresses again after an earlier version gave a Service's to a pod", async () => {
    using both = new Both(1);
    const { pods, services } = both;
    await pods.created(0, 500);
    const [address = ""] = pods.pods.map(({ metadata }) =>
      (metadata.annotations?.[annotation.vxlanIp] ?? "").replace(/\/.*/, ""),
    );
    services.expose("a");
    await pass(1_000);
    const [[given, owners] = []] = Object.entries(services.addresses);
    assert.ok(given !== undefined && given !== address);
    const [record] = pods.api.all(ConfigMap);
    assert.ok(record !== undefined);
    const text = JSON.stringify({ [address]: owners });
    const annotations = { ...record.metadata.annotations, [annotation.services]: text };
    pods.api.put(ConfigMap, { ...record, metadata: { ...record.metadata, annotations } });
    await pass(3_000);
    both.assertDistinct();
    both.assertShown();
    assert.deepEqual(Object.values(services.addresses), [owners]);
  });

  for (let seed = 1; seed <= 12; seed++)
    it(`never have the same address, and Services show theirs (seed ${seed})`, async () => {
      using both = new Both(seed);
      await pass(300);
      for (let i = 0; i < 60; i++) await both.step();
      both.services.restart();
      await pass(15_000);
      both.assertDistinct();
      both.assertShown();
    });
});
