import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import type { KubeClient } from "../../src/adapters/kubernetes/kube-client.ts";
import { KubeError } from "../../src/adapters/kubernetes/kube-error.ts";
import { resourceTypes, type ResourceType } from "../../src/adapters/kubernetes/resource-type.ts";
import type { KubeObject } from "../../src/model/kube-object.ts";
import { WebhookConfigurations } from "../../src/runtime/operator/webhook-configurations.ts";
import { WebhookPaths } from "../../src/runtime/operator/webhook-paths.ts";
import { KubeApi } from "../simulator/kube-api.ts";

const namespace = "ipman-system";
const names = { mutating: "ipman-m", validating: "ipman-v" };
const place = { namespace, name: "path" };
const { Secret, MutatingWebhookConfiguration, ValidatingWebhookConfiguration } = resourceTypes;
const types = [
  [MutatingWebhookConfiguration, names.mutating, ["pods", "declared"]],
  [ValidatingWebhookConfiguration, names.validating, ["declared", "groups"]],
] as const;
const hourMs = 3_600_000;

interface Configuration extends KubeObject {
  readonly webhooks: {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string; readonly service: { path?: string } };
  }[];
}

/** An API server with both configurations, and replicas of the operator before it. */
class World implements Disposable {
  readonly api = new KubeApi(() => 1);
  readonly troubles: unknown[] = [];
  /** Configurations that replicas may not write. */
  refused: ReadonlySet<ResourceType> = new Set();
  readonly #parts = new DisposableStack();

  constructor() {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_790_000_000_000 });
    mock.method(performance, "now", () => Date.now());
    this.configure();
  }

  /** As the chart has them. */
  configure(service: object = { name: "webhook" }): void {
    for (const [type, name, endpoints] of types) {
      const webhooks = endpoints.map((endpoint) => ({
        name: `${endpoint}.ipman.dialo.ai`,
        clientConfig: { service },
      }));
      const metadata = { name };
      this.api.put(type, {
        apiVersion: type.apiVersion,
        kind: type.kind,
        metadata,
        webhooks,
      } as KubeObject);
    }
  }

  /** @param lagMs how far behind it sees the Secret and the configurations */
  replica(lagMs: () => number = () => 0): WebhookPaths {
    const client = this.#client(lagMs);
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    const configurations = this.#parts.use(new WebhookConfigurations(client, names, onTrouble));
    const options = { client, namespace, secretName: place.name, owner: undefined };
    return this.#parts.use(new WebhookPaths({ ...options, configurations, onTrouble }));
  }

  #client(lagMs: () => number): KubeClient {
    const client = this.api.client(lagMs);
    const write = client.mergePatch.bind(client);
    const mergePatch = (...[type, place, patch]: Parameters<KubeClient["mergePatch"]>) => {
      if (!this.refused.has(type)) return write(type, place, patch);
      return Promise.reject(new KubeError("patch", "denied", 403, "forbidden"));
    };
    return Object.assign(client, { mergePatch });
  }

  /** By which path the API server calls each webhook. */
  get calls(): (readonly [endpoint: string, path: string])[] {
    return types.flatMap(([type]) =>
      (this.api.all(type) as Configuration[]).flatMap(({ webhooks }) =>
        webhooks.map(({ name, clientConfig: { service } }) => {
          return [name.split(".")[0] ?? "", service.path ?? ""] as const;
        }),
      ),
    );
  }

  get paths(): string[] {
    return this.calls.map(([, path]) => path);
  }

  /** Every webhook reaches its endpoint at each of these replicas. */
  assertReaches(...replicas: readonly WebhookPaths[]): void {
    for (const [endpoint, path] of this.calls)
      for (const replica of replicas) assert.equal(replica.endpointOf(path), endpoint);
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
    mock.reset();
    mock.timers.reset();
  }
}

/** Passes time in slices, between which streams get their turn. */
async function pass(milliseconds: number, sliceMs = 5): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += sliceMs) {
    mock.timers.tick(sliceMs);
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
  }
}

describe("the paths of the webhooks", () => {
  it("are secret, the same at every replica, and each leads to one endpoint", async () => {
    using world = new World();
    const replicas = [world.replica(), world.replica(), world.replica()];
    await pass(1_000);
    world.assertReaches(...replicas);
    for (const path of world.paths) assert.match(path, /^\/[a-z]+\/\d+\/[0-9a-f]{64}$/);
    assert.equal(new Set(world.paths).size, 3);
    const secrets = world.api.written.filter((what) => what.startsWith("Secret"));
    assert.equal(secrets.length, 1);
    assert.deepEqual(world.troubles, []);
  });

  it("are known from others, also where nearly all of a path is right", async () => {
    using world = new World();
    const replica = world.replica();
    assert.equal(replica.known, false);
    assert.equal(replica.endpointOf("/pods"), undefined);
    await pass(1_000);
    assert.equal(replica.known, true);
    const [, path = ""] = world.calls.find(([endpoint]) => endpoint === "pods") ?? [];
    const [, , generation = "", code = ""] = path.split("/");
    const other = code.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    for (const wrong of [
      "",
      "/",
      "/pods",
      `/pods/${generation}`,
      `/pods/${generation}/`,
      `/pods/${generation}/${other}`,
      `/pods/${generation}/${code}/`,
      `/pods/${generation}/${code}0`,
      `/pods/${generation}/${code.toUpperCase()}`,
      `/declared/${generation}/${code}`,
      `/pods/${Number(generation) + 1}/${code}`,
      `/pods/0${generation}/${code}`,
      `//pods/${generation}/${code}`,
    ])
      assert.equal(replica.endpointOf(wrong), undefined, wrong);
  });

  it("are put back where an upgrade wrote the configurations without", async () => {
    using world = new World();
    const replicas = [world.replica(), world.replica()];
    await pass(1_000);
    const { paths } = world;
    for (const service of [{ name: "webhook" }, { name: "webhook", path: "/pods" }]) {
      world.configure(service);
      await pass(200);
      assert.deepEqual(world.paths, paths);
      world.assertReaches(...replicas);
    }
  });

  it("leave what else is in a configuration as it is", async () => {
    using world = new World();
    world.replica();
    await pass(1_000);
    const [type] = types[0];
    const [before] = world.api.all(type) as [Configuration];
    const webhooks = before.webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { caBundle: "Y2E=", service: { name: "webhook" } },
    }));
    world.api.put(type, { ...before, webhooks } as KubeObject);
    await pass(200);
    const [after] = world.api.all(type) as [Configuration];
    for (const { clientConfig } of after.webhooks) assert.equal(clientConfig.caBundle, "Y2E=");
    assert.ok(world.paths.every((path) => path !== ""));
  });

  it("are replaced by the leader at once and every hour, and accepted for two", async () => {
    using world = new World();
    const [leader, other] = [world.replica(), world.replica()];
    await pass(1_000);
    const first = world.paths[0] ?? "";
    leader.lead();
    await pass(1_000);
    const second = world.paths[0] ?? "";
    assert.notEqual(second, first);
    world.assertReaches(leader, other);
    for (const replica of [leader, other]) assert.equal(replica.endpointOf(first), "pods");
    await pass(hourMs, 20_000);
    await pass(1_000);
    assert.notEqual(world.paths[0], second);
    world.assertReaches(leader, other);
    for (const replica of [leader, other]) {
      assert.equal(replica.endpointOf(second), "pods");
      assert.equal(replica.endpointOf(first), undefined);
    }
  });

  it("are accepted by a replica that has not seen them yet", async () => {
    using world = new World();
    let lagMs = 0;
    const [leader, late] = [world.replica(), world.replica(() => lagMs)];
    await pass(1_000);
    lagMs = 60_000;
    leader.lead();
    await pass(1_000);
    world.assertReaches(leader, late);
  });

  it("go on where another replica leads, and are accepted by one that is new", async () => {
    using world = new World();
    const former = world.replica();
    former.lead();
    await pass(1_000);
    const before = world.paths[0] ?? "";
    const leader = world.replica();
    leader.lead();
    await pass(1_000);
    const late = world.replica();
    await pass(1_000);
    world.assertReaches(former, leader, late);
    assert.notEqual(world.paths[0], before);
    assert.equal(leader.endpointOf(before), "pods");
  });

  it("are accepted as they are where they cannot be replaced", async () => {
    using world = new World();
    const [leader, other] = [world.replica(), world.replica()];
    await pass(1_000);
    leader.lead();
    await pass(1_000);
    const before = world.paths;
    for (const refused of [[ValidatingWebhookConfiguration], types.map(([type]) => type)]) {
      world.refused = new Set(refused);
      // Longer than two generations live.
      await pass(3 * hourMs, 20_000);
      world.assertReaches(leader, other);
    }
    assert.equal(world.paths[2], before[2]);
    world.refused = new Set();
    await pass(hourMs, 20_000);
    world.assertReaches(leader, other);
    assert.ok(world.paths.every((path) => !before.includes(path)));
  });

  it("go on where the clock was set back", async () => {
    using world = new World();
    const replica = world.replica();
    await pass(1_000);
    const before = world.paths[0] ?? "";
    mock.timers.setTime(1_600_000_000_000);
    const next = world.replica();
    next.lead();
    await pass(1_000);
    assert.notEqual(world.paths[0], before);
    world.assertReaches(replica, next);
  });

  it("have another key where its Secret is deleted, and the former ones end soon", async () => {
    using world = new World();
    const replicas = [world.replica(), world.replica()];
    await pass(1_000);
    const before = world.paths[0] ?? "";
    world.api.remove(Secret, place);
    await pass(500);
    assert.notEqual(world.paths[0], before);
    world.assertReaches(...replicas);
    assert.equal(replicas[0]?.endpointOf(before), "pods", "the API server may use it yet");
    await pass(60_000, 1_000);
    assert.equal(replicas[0]?.endpointOf(before), undefined);
    world.assertReaches(...replicas);
  });

  it("have another key where that in the Secret is too short", async () => {
    using world = new World();
    const metadata = place;
    const data = { key: "c2hvcnQ=" };
    world.api.put(Secret, { apiVersion: "v1", kind: "Secret", metadata, data } as KubeObject);
    const replica = world.replica();
    await pass(1_000);
    const [secret] = world.api.all(Secret) as (KubeObject & { data: { key: string } })[];
    assert.ok(Buffer.from(secret?.data.key ?? "", "base64").length >= 32);
    world.assertReaches(replica);
  });
});
