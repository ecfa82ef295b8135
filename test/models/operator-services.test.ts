import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { childSpec } from "../../lab/sites/manifests.ts";
import { annotation } from "../../src/model/kubernetes/labels.ts";
import { ServicesWorld } from "../simulator/services-world.ts";
import { pass } from "../simulator/two-replicas.ts";

const { Service, EndpointSlice, ConfigMap, IPSecConnection } = resourceTypes;

describe("the operator's part in Services", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  async function running(pool?: string): Promise<ServicesWorld> {
    const world = new ServicesWorld(pool);
    await pass(500);
    world.report("established");
    await pass(500);
    return world;
  }

  it("gives a Service of its class an address of the pool, and a condition", async () => {
    using world = await running();
    world.expose("web");
    await pass(1_000);
    assert.deepEqual(world.ingressOf("web"), [{ ip: "10.0.2.10", ipMode: "VIP" }]);
    assert.equal(
      world.conditionOf("web"),
      "True Ready: the partner reaches the Service at 10.0.2.10",
    );
    assert.deepEqual(world.events, ["Normal AddressAssigned Service/web"]);
    assert.deepEqual(Object.keys(world.addresses), ["10.0.2.10"]);
    assert.deepEqual(world.troubles, []);
    const { length } = world.api.written;
    await pass(10_000);
    assert.equal(world.api.written.length, length);
  });

  it("leaves Services of other classes alone, and other conditions", async () => {
    using world = await running();
    world.put("other", { spec: { type: "LoadBalancer", loadBalancerClass: "cloud" } });
    world.expose("web", {}, { conditions: [{ type: "other/Kind", status: "True" }] });
    await pass(1_000);
    assert.equal(world.conditionOf("other"), undefined);
    assert.deepEqual(world.typesOf("web"), ["other/Kind", "ipman.dialo.ai/Ready"]);
    const written = world.api.written.filter((words) => words.includes("other"));
    assert.deepEqual(written, []);
  });

  it("takes the address back after a deletion, and when the Service loses its class", async () => {
    using world = await running();
    world.expose("web");
    world.expose("app");
    await pass(1_000);
    assert.deepEqual(Object.keys(world.addresses).toSorted(), ["10.0.2.10", "10.0.2.11"]);
    world.api.remove(Service, { namespace: "shop", name: "app" });
    await pass(1_000);
    assert.deepEqual(Object.keys(world.addresses).length, 1);
    world.change("web", { spec: { type: "ClusterIP", ports: [{ port: 443 }] } });
    await pass(3_000);
    assert.deepEqual(world.addresses, {});
    assert.deepEqual(world.ingressOf("web"), []);
    assert.deepEqual(world.typesOf("web"), []);
  });

  it("gives the same address after a restart, a wiped status, and a lost record", async () => {
    using world = await running();
    world.expose("a");
    await pass(1_000);
    world.expose("web");
    await pass(1_000);
    const [given] = world.ingressOf("web");
    assert.equal(given?.ip, "10.0.2.11");
    world.api.remove(Service, { namespace: "shop", name: "a" });
    await pass(1_000);
    world.change("web", { status: {} });
    await pass(3_000);
    assert.deepEqual(world.ingressOf("web"), [given]);
    world.restart();
    await pass(2_000);
    assert.deepEqual(world.ingressOf("web"), [given]);
    const [record] = world.api.all(ConfigMap);
    assert.ok(record !== undefined);
    world.api.remove(ConfigMap, record.metadata);
    await pass(3_000);
    assert.deepEqual(Object.keys(world.addresses), ["10.0.2.11"]);
    assert.deepEqual(world.ingressOf("web"), [given]);
  });

  it("shows in metrics which Services are ready, and which have a gateway", async () => {
    using world = await running("10.0.2.10-10.0.2.10");
    world.expose("web");
    world.expose("bad", { [annotation.address]: "10.0.2.x" });
    await pass(1_000);
    world.expose("late");
    await pass(3_000);
    const child = { connection: "partner", child: "net" };
    const web = { service: "shop/web", ...child };
    assert.deepEqual(world.states(), [
      { ...web, isReady: true, hasGateway: true },
      { service: "shop/bad", isReady: false },
      { service: "shop/late", ...child, isReady: false },
    ]);
    world.gateway("");
    await pass(3_000);
    assert.deepEqual(world.states()[0], { ...web, isReady: false, hasGateway: false });
  });

  it("names the child in metrics by its key, also before a Service has an address", async () => {
    using world = await running("10.0.2.10-10.0.2.10");
    const ip_pools = { primary: ["10.0.2.10-10.0.2.10"] };
    world.declare({ children: { first: childSpec(2, { name: "net", ip_pools }) } });
    world.expose("web");
    await pass(1_000);
    world.expose("late");
    await pass(3_000);
    assert.deepEqual(
      world.states().map(({ service, child = "" }) => `${service} ${child}`),
      ["shop/web first", "shop/late first"],
    );
  });

  it("refuses a forbidden namespace in the same words as an unknown child", async () => {
    using world = await running();
    world.declare({ allowedNamespaces: ["bank"] });
    world.expose("web");
    world.expose("none", { [annotation.connection]: "nowhere" });
    await pass(1_000);
    const [forbidden, unknown] = ["web", "none"].map((name) => world.conditionOf(name) ?? "");
    assert.match(forbidden ?? "", /^False NotAvailable: child "net" of IPSecConnection "partner"/);
    assert.equal(forbidden, unknown?.replaceAll("nowhere", "partner"));
    assert.deepEqual(world.ingressOf("web"), []);
    assert.deepEqual(world.addresses, {});
    world.declare({});
    await pass(2_000);
    assert.equal(world.ingressOf("web").length, 1);
  });

  it("reports each problem of a Service in its condition and in one event", async () => {
    using world = await running("10.0.2.10-10.0.2.10");
    world.expose("a");
    await pass(1_000);
    world.expose("b");
    world.expose("c", { [annotation.address]: "10.0.2.x" });
    world.expose("d", { [annotation.address]: "10.0.2.10" });
    await pass(5_000);
    assert.match(world.conditionOf("b") ?? "", /^False PoolExhausted: pool "primary" has no free/);
    assert.match(
      world.conditionOf("c") ?? "",
      /^False InvalidService: metadata\.annotations\.ipman\.dialo\.ai\/address: /,
    );
    assert.match(world.conditionOf("d") ?? "", /^False AddressTaken: /);
    assert.deepEqual(world.events.slice(1).toSorted(), [
      "Warning AddressTaken Service/d",
      "Warning InvalidService Service/c",
      "Warning PoolExhausted Service/b",
    ]);
    world.api.remove(Service, { namespace: "shop", name: "a" });
    await pass(3_000);
    assert.equal(world.ingressOf("d")[0]?.ip, "10.0.2.10");
    assert.match(world.conditionOf("b") ?? "", /^False PoolExhausted/);
  });

  it("keeps the slice of a remote Service on the active gateway, with a stable port", async () => {
    using world = await running();
    world.remote("db", "10.1.2.7");
    await pass(1_000);
    const [slice, ...more] = world.slices;
    assert.deepEqual(more, []);
    assert.deepEqual(slice?.endpoints, [
      { addresses: ["10.244.1.1"], conditions: { ready: true, serving: true } },
    ]);
    assert.equal(slice.metadata.annotations?.[annotation.source], "10.0.2.10");
    assert.equal(slice.metadata.ownerReferences?.[0]?.name, "db");
    const [port] = slice.ports;
    assert.ok(port !== undefined && port.port >= 20_000 && port.port <= 29_999);
    world.gateway("10.244.2.2");
    await pass(1_000);
    assert.deepEqual(world.slices[0]?.endpoints[0]?.addresses, ["10.244.2.2"]);
    world.report("failed");
    await pass(2_000);
    assert.equal(world.slices[0]?.endpoints[0]?.conditions.ready, false);
    assert.match(world.conditionOf("db") ?? "", /^False TunnelDown: /);
    world.restart();
    world.report("rekeying");
    await pass(2_000);
    assert.equal(world.slices[0]?.endpoints[0]?.conditions.ready, true);
    assert.deepEqual(world.slices[0]?.ports, [port]);
    assert.deepEqual(world.events, ["Normal AddressAssigned Service/db"]);
    world.api.remove(Service, { namespace: "shop", name: "db" });
    await pass(1_000);
    assert.deepEqual([world.slices, world.addresses], [[], {}]);
  });

  it("is not ready while the probe of the child is not answered", async () => {
    using world = await running();
    world.declare({}, { probe: { address: "10.1.2.1" } });
    world.remote("db", "10.1.2.7");
    await pass(1_000);
    assert.equal(world.slices[0]?.endpoints[0]?.conditions.ready, false);
    assert.match(world.conditionOf("db") ?? "", /^False PeerUnreachable: /);
    world.report("established", "True");
    await pass(2_000);
    assert.equal(world.slices[0]?.endpoints[0]?.conditions.ready, true);
  });

  it("repairs a slice that another program changed, and creates a deleted one with the same port", async () => {
    using world = await running();
    world.remote("db", "10.1.2.7");
    await pass(1_000);
    const [slice] = world.slices;
    assert.ok(slice !== undefined);
    const annotations = { ...slice.metadata.annotations, [annotation.source]: "10.0.2.99" };
    world.api.put(EndpointSlice, { ...slice, metadata: { ...slice.metadata, annotations } });
    await pass(2_000);
    assert.equal(world.slices[0]?.metadata.annotations?.[annotation.source], "10.0.2.10");
    world.api.remove(EndpointSlice, slice.metadata);
    await pass(2_000);
    assert.deepEqual(world.slices[0]?.ports, slice.ports);
  });

  it("follows a Service that names another connection", async () => {
    using world = await running();
    world.expose("web");
    await pass(1_000);
    world.expose("web", { [annotation.connection]: "nowhere" });
    await pass(2_000);
    assert.deepEqual(world.addresses, {});
    assert.match(world.conditionOf("web") ?? "", /^False NotAvailable/);
    world.expose("web");
    await pass(2_000);
    assert.deepEqual(Object.keys(world.addresses), ["10.0.2.10"]);
  });

  it("does not take an address from a Service that its view lacks", async () => {
    using world = await running();
    // A leader that was suspended, and that has not noticed that another leads.
    using late = new ServicesWorld("10.0.2.10-10.0.2.50", world.api);
    await pass(500);
    late.lag(Service, 3_000);
    world.expose("web");
    await pass(1_000);
    const given = world.addresses;
    assert.deepEqual(Object.keys(given), ["10.0.2.10"]);
    await pass(1_000);
    assert.deepEqual(world.addresses, given);
    assert.match(String(late.troubles[0]), /view of Services does not have shop\/web yet$/);
    await pass(6_000);
    assert.deepEqual(world.addresses, given);
  });

  it("reports a record that another program broke once, and continues when it is deleted", async () => {
    using world = await running();
    world.expose("a");
    await pass(1_000);
    const [record] = world.api.all(ConfigMap) as (KubeObject & { data: object })[];
    assert.ok(record !== undefined);
    const data = { ...record.data, pendingIps: "?" };
    world.api.put(ConfigMap, { ...record, data } as KubeObject);
    world.expose("b");
    await pass(20_000);
    assert.equal(world.troubles.length, 1);
    assert.match((world.troubles[0] as Error).message, /data\.pendingIps is not a JSON/);
    assert.deepEqual(world.ingressOf("a"), [{ ip: "10.0.2.10", ipMode: "VIP" }]);
    world.api.remove(ConfigMap, record.metadata);
    await pass(3_000);
    assert.deepEqual(
      ["a", "b"].map((name) => world.ingressOf(name)[0]?.ip),
      ["10.0.2.10", "10.0.2.11"],
    );
  });

  it("replaces addresses of Services that another program broke by those that they show", async () => {
    using world = await running();
    world.expose("a");
    world.expose("b");
    await pass(1_000);
    const [known, [record]] = [world.addresses, world.api.all(ConfigMap)];
    assert.ok(record !== undefined && Object.keys(known).length === 2);
    const annotations = { ...record.metadata.annotations, [annotation.services]: "?" };
    world.api.put(ConfigMap, { ...record, metadata: { ...record.metadata, annotations } });
    await pass(3_000);
    assert.deepEqual(world.addresses, known);
    assert.match(String(world.troubles), /services is not a JSON object .*; ipman replaces it$/);
    assert.equal(world.troubles.length, 1);
  });

  it("keeps the Services of a connection whose manifest became invalid", async () => {
    using world = await running();
    world.expose("web");
    world.remote("db", "10.1.2.7");
    await pass(1_000);
    const [known, slices] = [world.addresses, world.slices];
    world.declare({ remoteAddr: 7 });
    world.restart();
    await pass(3_000);
    assert.deepEqual([world.addresses, world.slices], [known, slices]);
    assert.equal(world.ingressOf("web").length, 1);
    world.api.remove(IPSecConnection, { name: "partner" });
    await pass(3_000);
    assert.match(world.conditionOf("web") ?? "", /^False NotAvailable/);
    assert.deepEqual(world.slices, []);
  });
});
