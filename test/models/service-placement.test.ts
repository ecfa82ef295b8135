import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it, mock } from "node:test";
import { BehaviorSubject } from "rxjs";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { ObjectStore } from "../../src/adapters/kubernetes/client/object-store.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { EventRecorder } from "../../src/adapters/kubernetes/events.ts";
import { allEndpointSlices, allServices } from "../../src/adapters/kubernetes/live-services.ts";
import type { Connection } from "../../src/model/api/connection.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import type { Worker } from "../../src/model/network/endpoint.ts";
import { SegmentKey } from "../../src/model/network/segment-key.ts";
import { trimmedSlice } from "../../src/model/services/endpoint-slice.ts";
import { trimmedService } from "../../src/model/services/service-object.ts";
import {
  exposedService,
  remoteService,
  remoteSlice,
  sliceObject,
} from "../../src/model/services/services.fixture.ts";
import type { ChildServices } from "../../src/model/translation/child-services.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { RefusedObjects } from "../../src/runtime/agent/refused-objects.ts";
import { ServicePlacement } from "../../src/runtime/agent/service-placement.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";

const key = new SegmentKey(Buffer.alloc(32, 1));
const net = childSpec(2, { name: "net", ip_pools: { primary: ["10.0.2.10-10.0.2.19"] } });
const parsed = connectionFromCr(connectionSpec("bank", { children: { net }, nodeName: "node-a" }));
const connection = (parsed as { value: Connection }).value;
const child = { connection: "bank", child: "net", pool: "primary" };
const owner = "bank/net";
const unexpected = (error: unknown) => assert.fail(String(error));
const web = exposedService("shop/web", child, "10.0.2.10");
const webSlice = (...addresses: string[]) =>
  sliceObject(
    "shop/web",
    "web-1",
    addresses.map((address) => ({ address })),
  );

/** The Services of an agent, with everything that it publishes. */
class Agent implements Disposable {
  readonly api: KubeApi;
  readonly lines: string[] = [];
  readonly published: ReadonlyMap<string, ChildServices>[] = [];
  readonly workers = new BehaviorSubject<readonly Worker[]>([]);
  readonly connections = new BehaviorSubject(new Map([[connection.id, connection]]));
  /** The number of watches of EndpointSlices that were begun, and those that have not ended. */
  readonly watches = { begun: 0, open: 0 };
  readonly #parts = new DisposableStack();

  constructor(api = new KubeApi(() => 1), denied: readonly string[] = []) {
    this.api = api;
    const client = api.client(
      () => 0,
      (_, { kind }) => denied.includes(kind),
    );
    const events = new EventRecorder(client, "ipman.dialo.ai/agent", unexpected);
    const desired = new BehaviorSubject({ connections: this.connections.value });
    this.connections.subscribe((connections) => desired.next({ connections }));
    const onTrouble = denied.length > 0 ? () => {} : unexpected;
    const event = { reason: "NotForwarded", action: "Forwarding", note: "not forwarded" };
    const placement = this.#parts.use(
      new ServicePlacement({
        services: this.#parts.use(
          new ObjectStore(client, allServices, { onTrouble, trim: trimmedService }),
        ),
        watchSlices: () => {
          const options = { onTrouble, trim: trimmedSlice };
          const store = new ObjectStore(client, allEndpointSlices, options);
          this.watches.begun++;
          this.watches.open++;
          const end = store[Symbol.dispose].bind(store);
          store[Symbol.dispose] = () => {
            this.watches.open--;
            end();
          };
          return store;
        },
        desired,
        segmentKey: key,
        groupId: "node:node-a",
        refused: new RefusedObjects({
          events,
          onRefusal: (service, why) => void this.lines.push(`${service}: ${why}`),
          event,
        }),
      }),
    );
    placement.respect(this.workers);
    placement.children.subscribe((children) => this.published.push(children));
  }

  put(...objects: readonly KubeObject[]): void {
    for (const object of objects)
      this.api.put(
        object.kind === "Service" ? resourceTypes.Service : resourceTypes.EndpointSlice,
        object,
      );
  }

  /** The number of backends of each exposed port, and of hosts of each remote one. */
  get counts(): readonly string[] {
    const { exposed = [], remote = [] } = this.published.at(-1)?.get(owner) ?? {};
    return [...exposed, ...remote].map(({ service, backends }) => `${service} ${backends.length}`);
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}

describe("the Services of an agent", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  after(() => mock.timers.reset());
  let agent: Agent;
  beforeEach(() => void (agent = new Agent()));
  afterEach(() => agent[Symbol.dispose]());

  it("follow their endpoints, one value for each change", async () => {
    agent.put(web, webSlice("10.244.0.1"));
    await pass(500);
    assert.deepEqual(agent.counts, ["shop/web 1"]);
    const before = agent.published.length;
    agent.put(webSlice("10.244.0.1", "10.244.0.2"));
    await pass(500);
    assert.deepEqual(agent.counts, ["shop/web 2"]);
    assert.equal(agent.published.length, before + 1);
  });

  it("are published for the first time when Services and slices are known", async () => {
    const api = new KubeApi(() => 1);
    api.put(resourceTypes.Service, web);
    api.put(resourceTypes.EndpointSlice, webSlice("10.244.0.1"));
    using other = new Agent(api);
    await pass(500);
    assert.deepEqual(
      other.published.map((children) => children.get(owner)?.exposed[0]?.backends.length),
      [1],
    );
  });

  it("need no EndpointSlices unless one of them concerns a connection of the agent", async () => {
    agent.put(exposedService("shop/else", { ...child, connection: "other" }, "10.0.2.10"));
    await pass(500);
    assert.deepEqual(agent.watches, { begun: 0, open: 0 });
    agent.put(web, webSlice("10.244.0.1"));
    await pass(500);
    assert.deepEqual(agent.watches, { begun: 1, open: 1 });
    assert.deepEqual(agent.counts, ["shop/web 1"]);
    agent.api.remove(resourceTypes.Service, { namespace: "shop", name: "web" });
    await pass(500);
    assert.deepEqual(agent.watches, { begun: 1, open: 0 });
    assert.deepEqual(agent.counts, []);
  });

  it("do not change with Services and slices of others", async () => {
    agent.put(web, webSlice("10.244.0.1"));
    await pass(500);
    const before = agent.published.length;
    const spec = { type: "ClusterIP", loadBalancerClass: undefined };
    agent.put(exposedService("else/plain", child, undefined, { spec }));
    agent.put(sliceObject("else/plain", "plain-1", [{ address: "10.244.0.9" }]));
    agent.workers.next([]);
    await pass(500);
    assert.equal(agent.published.length, before);
  });

  it("lead to the partner by a slice of the operator, and are reported once if it proves nothing", async () => {
    const db = remoteService("shop/db", child, "10.1.2.7");
    agent.put(db);
    const uid = agent.api.all(resourceTypes.Service)[0]?.metadata.uid ?? "";
    const facts = { source: "10.0.2.11", port: 20_001, uid };
    agent.put(remoteSlice("shop/db", child, key, facts));
    await pass(500);
    assert.deepEqual([agent.counts, agent.lines], [["shop/db 1"], []]);
    agent.put(remoteSlice("shop/db", child, new SegmentKey(Buffer.alloc(32, 2)), facts));
    await pass(500);
    agent.workers.next([]);
    await pass(500);
    assert.deepEqual(agent.counts, []);
    assert.equal(agent.lines.length, 1);
    const [event, ...more] = agent.api.all(resourceTypes.Event) as unknown as {
      reason: string;
      regarding: { kind: string; name: string };
    }[];
    assert.deepEqual(more, []);
    assert.deepEqual(
      [event?.reason, event?.regarding.kind, event?.regarding.name],
      ["NotForwarded", "Service", "db"],
    );
  });

  it("are none after a while for an agent that may not read them, whose gateways wait no longer", async () => {
    using other = new Agent(new KubeApi(() => 1), ["Service"]);
    await pass(5_000);
    assert.deepEqual(other.published, []);
    await pass(6_000);
    assert.deepEqual(
      other.published.map(({ size }) => size),
      [0],
    );
  });

  it("stay while the connection is deleted and declared again", async () => {
    agent.put(web, webSlice("10.244.0.1"));
    await pass(500);
    agent.connections.next(new Map());
    await pass(500);
    assert.deepEqual([agent.counts, agent.watches.open], [[], 0]);
    agent.connections.next(new Map([[connection.id, connection]]));
    await pass(500);
    assert.deepEqual([agent.counts, agent.watches.open], [["shop/web 1"], 1]);
  });
});
