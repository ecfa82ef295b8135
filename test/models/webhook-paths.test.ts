import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import {
  passTime,
  place,
  types,
  WebhookWorld,
  type Configuration,
} from "../simulator/webhook-world.ts";

const { Secret, ValidatingWebhookConfiguration } = resourceTypes;
const hourMs = 3_600_000;
/** The longest time for which an API server still uses a path that was replaced. */
const cachedMs = 300_000;

describe("the paths of the webhooks", () => {
  it("are secret, the same at every replica, and each leads to one endpoint", async () => {
    using world = new WebhookWorld();
    const replicas = [world.replica(), world.replica(), world.replica()];
    await passTime(1_000);
    world.assertReaches(...replicas);
    for (const path of world.paths) assert.match(path, /^\/[a-z]+\/\d+\/[0-9a-f]{64}$/);
    assert.equal(new Set(world.paths).size, 3);
    const secrets = world.api.written.filter((what) => what.startsWith("Secret"));
    assert.equal(secrets.length, 1);
    assert.deepEqual(world.troubles, []);
  });

  it("are distinguished from wrong paths, even if only one character differs", async () => {
    using world = new WebhookWorld();
    const replica = world.replica();
    assert.equal(replica.known, false);
    assert.equal(replica.endpointOf("/pods"), undefined);
    await passTime(1_000);
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

  it("are restored if an upgrade removed them from the configurations", async () => {
    using world = new WebhookWorld();
    const replicas = [world.replica(), world.replica()];
    await passTime(1_000);
    const { paths } = world;
    for (const service of [{ name: "webhook" }, { name: "webhook", path: "/pods" }]) {
      world.configure(service);
      await passTime(200);
      assert.deepEqual(world.paths, paths);
      world.assertReaches(...replicas);
    }
  });

  it("leave everything else in a configuration unchanged", async () => {
    using world = new WebhookWorld();
    world.replica();
    await passTime(1_000);
    const [type] = types[0];
    const [before] = world.api.all(type) as [Configuration];
    const webhooks = before.webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { caBundle: "Y2E=", service: { name: "webhook" } },
    }));
    world.api.put(type, { ...before, webhooks } as KubeObject);
    await passTime(200);
    const [after] = world.api.all(type) as [Configuration];
    for (const { clientConfig } of after.webhooks) assert.equal(clientConfig.caBundle, "Y2E=");
    assert.ok(world.paths.every((path) => path !== ""));
  });

  it("are replaced by the leader after five minutes and every hour, and accepted for two", async () => {
    using world = new WebhookWorld();
    const [leader, other] = [world.replica(), world.replica()];
    await passTime(1_000);
    const first = world.paths[0] ?? "";
    leader.lead();
    await passTime(cachedMs - 2_000, 1_000);
    assert.equal(world.paths[0], first);
    await passTime(20_000, 1_000);
    const second = world.paths[0] ?? "";
    assert.notEqual(second, first);
    world.assertReaches(leader, other);
    for (const replica of [leader, other]) assert.equal(replica.endpointOf(first), "pods");
    await passTime(hourMs - 60_000, 20_000);
    assert.equal(world.paths[0], second);
    await passTime(80_000, 20_000);
    await passTime(1_000);
    assert.notEqual(world.paths[0], second);
    world.assertReaches(leader, other);
    for (const replica of [leader, other]) {
      assert.equal(replica.endpointOf(second), "pods");
      assert.equal(replica.endpointOf(first), undefined);
    }
  });

  it("that an API server uses are served even if three new replicas lead within a second", async () => {
    using world = new WebhookWorld();
    const first = world.replica();
    await passTime(cachedMs + 1_000, 1_000);
    const known = world.paths[0] ?? "";
    first.lead();
    for (let change = 0; change < 3; change++) {
      const leader = world.replica();
      await passTime(100);
      leader.lead();
      await passTime(200);
      assert.equal(leader.endpointOf(known), "pods");
      leader[Symbol.dispose]();
    }
    const late = world.replica();
    await passTime(1_000);
    world.assertReaches(first, late);
    for (const replica of [first, late]) assert.equal(replica.endpointOf(known), "pods");
  });

  for (const lagMs of [0, 30_000])
    it(`that an API server uses are served even if three replicas with changed clocks and watches that lag by ${lagMs} ms lead within a second`, async () => {
      using world = new WebhookWorld();
      let lag = 0;
      const replicas = [0, 1, 2].map(() => world.replica(() => lag));
      await passTime(2 * cachedMs, 1_000);
      const known = world.paths[0] ?? "";
      lag = lagMs;
      for (const [i, replica] of replicas.entries()) {
        const days = [3, -5, 1_000][i] ?? 0;
        world.api.now = () => Date.now() + days * 24 * hourMs;
        replica.lead();
        await passTime(300);
      }
      await passTime(60_000, 1_000);
      assert.notEqual(world.paths[0], known);
      lag = 0;
      const late = world.replica();
      await passTime(1_000);
      world.assertReaches(...replicas, late);
      for (const replica of [...replicas, late]) assert.equal(replica.endpointOf(known), "pods");
    });

  it("are accepted by a replica that has not seen them yet", async () => {
    using world = new WebhookWorld();
    let lagMs = 0;
    const [leader, late] = [world.replica(), world.replica(() => lagMs)];
    await passTime(cachedMs + 10_000, 1_000);
    const before = world.paths[0] ?? "";
    lagMs = 60_000;
    leader.lead();
    await passTime(2_000);
    assert.notEqual(world.paths[0], before);
    world.assertReaches(leader, late);
  });

  it("continue under another leader, and are accepted by a new replica", async () => {
    using world = new WebhookWorld();
    const former = world.replica();
    await passTime(1_000);
    const before = world.paths[0] ?? "";
    const leader = world.replica();
    leader.lead();
    await passTime(cachedMs + 20_000, 1_000);
    const late = world.replica();
    await passTime(1_000);
    world.assertReaches(former, leader, late);
    assert.notEqual(world.paths[0], before);
    for (const replica of [former, leader, late]) assert.equal(replica.endpointOf(before), "pods");
  });

  it("stay accepted if they cannot be replaced", async () => {
    using world = new WebhookWorld();
    const [leader, other] = [world.replica(), world.replica()];
    await passTime(1_000);
    leader.lead();
    await passTime(cachedMs + 20_000, 1_000);
    const before = world.paths;
    for (const refused of [[ValidatingWebhookConfiguration], types.map(([type]) => type)]) {
      world.refused = new Set(refused);
      // Longer than the lifetime of two generations.
      await passTime(3 * hourMs, 20_000);
      world.assertReaches(leader, other);
    }
    assert.equal(world.paths[2], before[2]);
    world.refused = new Set();
    await passTime(hourMs, 20_000);
    world.assertReaches(leader, other);
    assert.ok(world.paths.every((path) => !before.includes(path)));
  });

  it("continue if the clock was set back", async () => {
    using world = new WebhookWorld();
    const replica = world.replica();
    await passTime(1_000);
    const before = world.paths[0] ?? "";
    mock.timers.setTime(1_600_000_000_000);
    const next = world.replica();
    next.lead();
    await passTime(cachedMs + 20_000, 1_000);
    assert.notEqual(world.paths[0], before);
    world.assertReaches(replica, next);
  });

  it("have another key after the Secret was deleted, and the former paths end soon", async () => {
    using world = new WebhookWorld();
    const replicas = [world.replica(), world.replica()];
    await passTime(1_000);
    const before = world.paths[0] ?? "";
    world.api.remove(Secret, place);
    await passTime(500);
    assert.notEqual(world.paths[0], before);
    world.assertReaches(...replicas);
    assert.equal(replicas[0]?.endpointOf(before), "pods", "the API server may still use it");
    await passTime(cachedMs, 1_000);
    assert.equal(replicas[0]?.endpointOf(before), undefined);
    world.assertReaches(...replicas);
  });

  it("have another key if the key in the Secret is too short", async () => {
    using world = new WebhookWorld();
    const metadata = place;
    const data = { key: "c2hvcnQ=" };
    world.api.put(Secret, { apiVersion: "v1", kind: "Secret", metadata, data } as KubeObject);
    const replica = world.replica();
    await passTime(1_000);
    const [secret] = world.api.all(Secret) as (KubeObject & { data: { key: string } })[];
    assert.ok(Buffer.from(secret?.data.key ?? "", "base64").length >= 32);
    world.assertReaches(replica);
  });
});
