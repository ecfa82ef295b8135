import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import { ServicesWorld } from "../simulator/services-world.ts";
import { pass } from "../simulator/two-replicas.ts";

const { Service, EndpointSlice } = resourceTypes;

describe("the operator's part in Services, beside authors who write what they may", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  async function running(): Promise<ServicesWorld> {
    const world = new ServicesWorld();
    await pass(500);
    world.report("established");
    await pass(500);
    return world;
  }

  it("gives a Service no port that another author's slice claims for it", async () => {
    using world = await running();
    world.remote("db", "10.1.2.7");
    await pass(1_000);
    const [slice] = world.slices;
    const [port] = slice?.ports ?? [];
    assert.ok(slice !== undefined && port !== undefined);
    const labels = { ...slice.metadata.labels, "kubernetes.io/service-name": "app" };
    const { ownerReferences: _, ...metadata } = slice.metadata;
    const forged = { ...slice, metadata: { ...metadata, name: "app-x", labels } } as KubeObject;
    // A leader that begins reads the ports back; this name is the first of all.
    world.api.put(EndpointSlice, forged);
    world.remote("app", "10.1.2.7");
    world.restart();
    await pass(3_000);
    const [app, db] = ["app", "db"].map((name) =>
      world.slices.find((one) => one.metadata.ownerReferences?.[0]?.name === name),
    );
    assert.deepEqual(db?.ports, slice.ports);
    assert.notEqual(app?.ports[0]?.port, port.port);
  });

  it("gives ports of the gateway to Services with an address only", async () => {
    using world = await running();
    const ports = Array.from({ length: 100 }, (_, i) => ({ name: `p${i}`, port: i + 1 }));
    const wanted = { [annotation.remote]: "10.1.2.7", [annotation.address]: "10.0.2.99" };
    for (let i = 0; i < 100; i++) world.api.put(Service, world.service(`a${i}`, wanted, { ports }));
    await pass(1_000);
    assert.match(world.conditionOf("a7") ?? "", /^False InvalidService/);
    world.remote("web", "10.1.2.7");
    await pass(2_000);
    assert.match(world.conditionOf("web") ?? "", /^True Ready/);
  });

  it("deletes slices with its labels that it did not write, whatever they name", async () => {
    using world = await running();
    world.remote("db", "10.1.2.7");
    await pass(1_000);
    const [slice] = world.slices;
    assert.ok(slice !== undefined);
    const { annotations: _, ...metadata } = slice.metadata;
    for (const [name, named] of Object.entries({ bare: {}, copy: slice.metadata.annotations })) {
      const forged = { ...metadata, name, annotations: named };
      world.api.put(EndpointSlice, { ...slice, metadata: forged } as KubeObject);
      await pass(2_000);
      assert.deepEqual(
        world.slices.map((one) => one.metadata.name),
        [slice.metadata.name],
      );
    }
  });
});
