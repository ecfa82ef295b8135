import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSpec, connectionSpec } from "../../../lab/sites/manifests.ts";
import type { Connection } from "../api/connection.ts";
import { objectKey, type KubeObject } from "../kubernetes/kube-object.ts";
import { annotation, label } from "../kubernetes/labels.ts";
import { formatAddress } from "../net/address.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import type { Worker } from "../network/endpoint.ts";
import { SegmentKey } from "../network/segment-key.ts";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import { childServicesOf, type JudgedServices } from "./child-services-of.ts";
import { trimmedSlice, type EndpointSlice } from "./endpoint-slice.ts";
import { trimmedService, type ServiceObject } from "./service-object.ts";
import { exposedService, remoteService, remoteSlice, sliceObject } from "./services.fixture.ts";

const key = new SegmentKey(Buffer.alloc(32, 1));
const child = { connection: "bank", child: "net", pool: "primary" };
const owner = "bank/net";
const none: JudgedServices["services"] = new Map();

function connectionOf(changes: object = {}): Connection {
  const pools = { primary: ["10.0.2.10-10.0.2.19"], other: ["10.0.2.30"] };
  const net = childSpec(2, { name: "net", ip_pools: pools });
  const parsed = connectionFromCr(
    connectionSpec("bank", { children: { net }, nodeName: "node-a", ...changes }),
  );
  return (parsed as { value: Connection }).value;
}

/** A cluster whose objects are read as the agent reads them. */
class World {
  connection = connectionOf();
  workers: readonly Worker[] = [];
  before = none;
  readonly services = new Map<string, ServiceObject>();
  readonly slices = new Map<string, EndpointSlice>();

  put(...objects: readonly KubeObject[]): this {
    for (const object of objects)
      if (object.kind === "Service")
        this.services.set(objectKey(object.metadata), trimmedService(object));
      else this.slices.set(objectKey(object.metadata), trimmedSlice(object));
    return this;
  }

  judge(): JudgedServices {
    const { connection, workers } = this;
    const judged = childServicesOf(
      {
        services: this.services.values(),
        slicesOf: (service) =>
          [...this.slices.values()].filter((slice) => slice.service === service),
        connections: new Map([[connection.id, connection]]),
        workers,
        key,
        nodeOf: ({ nodeName }) => nodeName,
      },
      this.before,
    );
    this.before = judged.services;
    return judged;
  }

  get refusals(): string[] {
    return this.judge().refused.map(({ service, why }) => `${objectKey(service.metadata)}: ${why}`);
  }

  /** The ports that are served, as texts. */
  get served(): string[] {
    const { exposed = [], remote = [] } = this.judge().services.get(owner) ?? {};
    return [
      ...exposed.map(
        ({ service, address, port, backends }) =>
          `${service} ${formatAddress(address)}:${port} to ${backends.map(written).join(" ")}`,
      ),
      ...remote.map(
        ({ service, gatewayPort, source, backends }) =>
          `${service} ${gatewayPort} from ${formatAddress(source)} to ${backends.map(written).join(" ")}`,
      ),
    ];
  }
}

const written = ({ address, port }: { address: Prefix["address"]; port: number }) =>
  `${formatAddress(address)}:${port}`;
const web = (ip: string | undefined, changes = {}) =>
  exposedService("shop/web", child, ip, changes);
const webSlice = sliceObject("shop/web", "web-1", [{ address: "10.244.0.1", nodeName: "node-b" }]);
const db = remoteService("shop/db", child, "10.1.2.7,10.1.2.8");
const dbSlice = (facts = {}, signedBy = key, place = child) =>
  remoteSlice("shop/db", place, signedBy, { source: "10.0.2.11", port: 20_001, ...facts });
const worker = (address: string): Worker => ({
  ...child,
  id: "shop/pod",
  address: parsePrefix(address) as Prefix,
  underlay: (parsePrefix("10.244.0.1/32") as Prefix).address,
  reservation: "1",
});

describe("the Services of a child", () => {
  it("have the address that the operator assigned and the endpoints of their slices", () => {
    const world = new World().put(web("10.0.2.10"), webSlice);
    assert.deepEqual(world.served, ["shop/web 10.0.2.10:443 to 10.244.0.1:8443"]);
    assert.deepEqual(world.refusals, []);
  });

  it("lead to the partner's hosts by the gateway's port and source of their slice", () => {
    const world = new World().put(db, dbSlice());
    const expected = "shop/db 20001 from 10.0.2.11 to 10.1.2.7:5432 10.1.2.8:5432";
    assert.deepEqual(world.served, [expected]);
    assert.deepEqual(world.refusals, []);
  });

  it("wait without a report until the operator has assigned an address", () => {
    const other = exposedService("shop/other", { ...child, child: "unknown" }, undefined);
    const world = new World().put(web(undefined), webSlice, db, other);
    assert.deepEqual([world.served, world.refusals], [[], []]);
  });

  it("wait for a slice of their present annotations", () => {
    const elsewhere = dbSlice({}, key, { ...child, pool: "other" });
    const world = new World().put(db, elsewhere);
    assert.deepEqual([world.served, world.refusals], [[], []]);
  });

  it("are endpoints of the gateway's node with the local policy", () => {
    const spec = { externalTrafficPolicy: "Local" };
    const here = sliceObject("shop/web", "web-2", [{ address: "10.244.0.2", nodeName: "node-a" }]);
    const world = new World().put(web("10.0.2.10", { spec }), webSlice, here);
    assert.deepEqual(world.served, ["shop/web 10.0.2.10:443 to 10.244.0.2:8443"]);
  });

  const refusals: readonly [string, RegExp, readonly KubeObject[], Partial<World>?][] = [
    ["an address that is not one", /ingress\[0\]\.ip "x" is not an address/, [web("x")]],
    [
      "an address of another pool",
      /10\.0\.2\.30 is not an address of pool "primary"/,
      [web("10.0.2.30")],
    ],
    ["the gateway's address without a request for it", /gateway's own address/, [web("10.0.2.1")]],
    [
      "the gateway's address in the segment",
      /gateway's own address/,
      [web("10.0.2.2", { annotations: { [annotation.address]: "10.0.2.2" } })],
    ],
    [
      "an unknown pool",
      /has no pool "none"/,
      [exposedService("shop/web", { ...child, pool: "none" }, "10.0.2.10")],
    ],
    [
      "an unknown child",
      /not available to namespace shop/,
      [exposedService("shop/web", { ...child, child: "none" }, "10.0.2.10")],
    ],
    [
      "a namespace that may not use the connection",
      /not available to namespace shop/,
      [web("10.0.2.10")],
      { connection: connectionOf({ allowedNamespaces: ["bank"] }) },
    ],
    [
      "a worker's address",
      /10\.0\.2\.10 is a pod's address/,
      [web("10.0.2.10")],
      { workers: [worker("10.0.2.10/24")] },
    ],
    [
      "a slice that another key signed",
      /does not prove that ipman gave this Service 10\.0\.2\.11/,
      [db, dbSlice({}, new SegmentKey(Buffer.alloc(32, 2)))],
    ],
    [
      "a port below those of gateways",
      /port 19999 .* is not in 20000 to 29999/,
      [db, dbSlice({ port: 19_999 })],
    ],
    [
      "a port above those of gateways",
      /port 30000 .* is not in 20000 to 29999/,
      [db, dbSlice({ port: 30_000 })],
    ],
    [
      "hosts of another family than the child's",
      /fd00::7 is IPv6, but child net is IPv4/,
      [remoteService("shop/db", child, "fd00::7"), dbSlice()],
    ],
    [
      "hosts that the tunnel does not reach",
      /10\.244\.0\.7 is in no network that child net sends into its tunnel/,
      [remoteService("shop/db", child, "10.244.0.7"), dbSlice()],
    ],
  ];
  for (const [what, why, objects, changes = {}] of refusals)
    it(`are refused for ${what}`, () => {
      const world = Object.assign(new World(), changes).put(...objects, webSlice);
      assert.deepEqual(world.served, []);
      assert.equal(world.refusals.length, 1);
      assert.match(world.refusals[0] ?? "", why);
    });

  it("may have the gateway's own address if they request it", () => {
    const annotations = { [annotation.address]: "10.0.2.1" };
    const world = new World().put(web("10.0.2.1", { annotations }), webSlice);
    assert.deepEqual(world.served, ["shop/web 10.0.2.1:443 to 10.244.0.1:8443"]);
  });

  it("are reported if no endpoint has an address of the child's family, unless one is a worker", () => {
    const six = sliceObject("shop/web", "web-1", [{ address: "fd00::1" }]);
    const world = new World().put(web("10.0.2.10"), six);
    assert.match(world.refusals.join(), /^shop\/web: its endpoints have no IPv4 addresses/);
    assert.equal(world.served.length, 1);
    const alternate = (parsePrefix("fd00::1/128") as Prefix).address;
    world.workers = [{ ...worker("10.0.2.12/24"), alternate }];
    assert.deepEqual(world.refusals, []);
    world.workers = [];
    world.put(sliceObject("shop/web", "web-2", [{ address: "10.244.0.1" }]));
    assert.deepEqual(world.refusals, []);
  });

  it("do not get an address by the slice of another Service", () => {
    const stolen = dbSlice({ uid: "uid-shop/thief" });
    const labels = { ...stolen.metadata.labels, "kubernetes.io/service-name": "thief" };
    const world = new World().put(remoteService("shop/thief", child, "10.1.2.7"), {
      ...stolen,
      metadata: { ...stolen.metadata, labels },
    });
    assert.match(world.refusals.join(), /^shop\/thief: .* does not prove/);
  });

  it("do not get the address of an earlier Service of their name by its slice", () => {
    const { metadata, ...fields } = db;
    const later = { ...fields, metadata: { ...metadata, uid: "later" } };
    const world = new World().put(later, dbSlice());
    assert.deepEqual([world.served, world.refusals], [[], []]);
    const { metadata: known, ...rest } = dbSlice();
    const { ownerReferences } = dbSlice({ uid: "later" }).metadata;
    world.put({ ...rest, metadata: { ...known, ownerReferences } } as KubeObject);
    assert.deepEqual(world.served, []);
    assert.match(world.refusals.join(), /does not prove/);
  });

  it("are not given by a slice that the operator does not select", () => {
    const { metadata, ...fields } = dbSlice();
    const labels = { ...metadata.labels, [label.type]: "copy" };
    const world = new World().put(db, { ...fields, metadata: { ...metadata, labels } });
    assert.deepEqual([world.served, world.refusals], [[], []]);
  });

  it("do not get the gateway's port of another Service by a change of their slice", () => {
    const ports = [{ name: "sql", protocol: "TCP", port: 20_002 }];
    const changed = { ...dbSlice(), ports } as KubeObject;
    const world = new World().put(db, changed);
    assert.deepEqual(world.served, []);
    assert.match(world.refusals.join(), /^shop\/db: .* does not prove .* the ports of the slice/);
  });

  it("share an address within a namespace as long as their ports differ; the oldest keeps a port", () => {
    const named = (name: string, created: string, port: number, namespace = "shop") =>
      exposedService(`${namespace}/${name}`, child, "10.0.2.10", {
        created,
        spec: { ports: [{ name: "https", port }] },
      });
    const world = new World().put(
      named("young", "09", 443),
      named("old", "01", 443),
      named("other", "10", 444),
      named("foreign", "11", 445, "else"),
    );
    assert.deepEqual(
      world.served.map((text) => text.split(" ").slice(0, 2).join(" ")),
      ["shop/old 10.0.2.10:443", "shop/other 10.0.2.10:444"],
    );
    assert.deepEqual(world.refusals, [
      "shop/young: port 10.0.2.10 tcp 443 is taken by an older Service",
      "else/foreign: 10.0.2.10 is taken by an older Service of another namespace",
    ]);
  });

  it("lose their address when their deletion begins, although a finalizer keeps them", () => {
    const world = new World().put(web("10.0.2.10"), webSlice);
    const next = exposedService("tenant/web", child, "10.0.2.10", { created: "06" });
    const nextSlice = sliceObject("tenant/web", "web-1", [{ address: "10.244.0.2" }]);
    world.put(next, nextSlice);
    assert.match(world.served.join(), /^shop\/web /);
    const { metadata, ...fields } = web("10.0.2.10");
    const deletionTimestamp = "2026-01-03T03:04:05Z";
    world.put({ ...fields, metadata: { ...metadata, deletionTimestamp } });
    assert.deepEqual(world.served, ["tenant/web 10.0.2.10:443 to 10.244.0.2:8443"]);
    assert.deepEqual(world.refusals, []);
  });

  it("do not share a port of the gateway", () => {
    const world = new World().put(db, dbSlice(), remoteService("shop/late", child, "10.1.2.9"));
    world.put(remoteSlice("shop/late", child, key, { source: "10.0.2.12", port: 20_001 }));
    assert.equal(world.served.length, 1);
    assert.match(world.refusals.join(), /port gateway tcp 20001 is taken/);
  });

  it("are the same objects until something about them changes, and those of other children then, too", () => {
    const world = new World().put(web("10.0.2.10"), webSlice, db, dbSlice());
    const first = world.judge().services;
    assert.equal(world.judge().services, first);
    // Read again, by another version.
    world.put(web("10.0.2.10"), webSlice, db, dbSlice());
    assert.equal(world.judge().services, first);
    world.put(sliceObject("shop/web", "web-2", [{ address: "10.244.0.2" }]));
    const second = world.judge().services;
    assert.notEqual(second.get(owner), first.get(owner));
    assert.equal(second.get(owner)?.remote[0], first.get(owner)?.remote[0]);
  });
});
