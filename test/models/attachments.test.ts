import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import {
  readReservations,
  reservationsName,
} from "../../src/model/addresses/connection-reservations.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../src/model/kubernetes/labels.ts";
import { asking, gateway, ttlMs, type Replica } from "../simulator/admitting.ts";
import { pass, TwoReplicas } from "../simulator/two-replicas.ts";

const { IPSecConnection, Pod, ConfigMap } = resourceTypes;
const pool = "10.0.2.10-10.0.2.250";
const net = { ipmanName: "partner", childName: "net", poolName: "primary" };
const plc = { ipmanName: "plant", childName: "plc", poolName: "main" };

/** Two replicas with a second connection, whose child has two addresses. */
class TwoConnections extends TwoReplicas {
  constructor() {
    super(pool, () => 2);
    this.plant({});
    const annotations = { [annotation.connection]: "plant", [annotation.child]: "plc" };
    const metadata = { ...gateway.metadata, name: "gateway-plc", annotations };
    const status = { phase: "Running", podIP: "10.244.3.1" };
    this.api.put(Pod, { ...gateway, metadata, status } as KubeObject);
  }

  /** Declares the second connection with these changes of its child. */
  plant(changes: object): void {
    const child = { name: "plc", ip_pools: { main: ["10.0.3.10-10.0.3.11"] }, ...changes };
    const children = { plc: childSpec(3, child) };
    this.api.put(
      IPSecConnection,
      connectionSpec("plant", { children, nodeName: "node-b" }) as KubeObject,
    );
  }

  /** The reserved addresses of a connection that are not prefetched for other pods. */
  reservedFor(connection: string, address: string): boolean {
    const name = reservationsName(connection);
    const object = this.api.all(ConfigMap).find(({ metadata }) => metadata.name === name);
    return object !== undefined && address in readReservations(object).pending;
  }

  /** The answer of a replica for a pod. */
  async answer(pod: KubeObject, which = 0, ms = 200) {
    const answer = (this.replicas[which] as Replica).admit(pod);
    await pass(ms);
    return answer;
  }
}

/** A pod with a list of attachments and, if given, separate annotations. */
function listing(name: string, list: unknown, separate: Readonly<Record<string, string>> = {}) {
  const text = typeof list === "string" ? list : JSON.stringify(list);
  const { metadata, ...pod } = asking(name);
  const annotations = { ...separate, [annotation.attachments]: text };
  return { ...pod, metadata: { ...metadata, annotations } } as KubeObject;
}

const separateNet = asking("any").metadata.annotations ?? {};
const attachedOf = ({ metadata }: KubeObject) =>
  JSON.parse(metadata.annotations?.[annotation.attached] ?? "[]") as Record<string, string>[];
const addressesOf = (pod: KubeObject) => attachedOf(pod).map(({ vxlanIp }) => vxlanIp ?? "");
const admitted = (answer: object): KubeObject => {
  assert.ok("pod" in answer, JSON.stringify(answer));
  return answer.pod as KubeObject;
};
const denied = (answer: object): string => {
  assert.ok("denied" in answer, JSON.stringify(answer));
  return String(answer.denied);
};

describe("a pod that lists several attachments", () => {
  before(() =>
    mock.timers.enable({
      apis: ["setTimeout", "setInterval", "Date"],
      now: Date.UTC(2026, 10, 26),
    }),
  );
  after(() => mock.timers.reset());

  it("gets an address of each child, which stays reserved until its pod exists", async () => {
    using world = new TwoConnections();
    await pass(200);
    const pod = admitted(await world.answer(listing("web", [net, plc])));
    assert.deepEqual(addressesOf(pod), ["10.0.2.10/24", "10.0.3.10/24"]);
    assert.equal(pod.metadata.labels?.[label.worker], "net");
    assert.equal(pod.metadata.annotations?.[annotation.vxlanIp], undefined);
    assert.ok(world.reservedFor("partner", "10.0.2.10") && world.reservedFor("plant", "10.0.3.10"));
    world.api.put(Pod, pod);
    await pass(10_000);
    assert.ok(!world.reservedFor("partner", "10.0.2.10"), "the pod itself holds it");
    assert.ok(!world.reservedFor("plant", "10.0.3.10"), "the pod itself holds it");
    for (const which of [0, 1]) {
      const other = admitted(await world.answer(listing(`other-${which}`, [net]), which));
      assert.notEqual(addressesOf(other)[0], "10.0.2.10/24");
    }
    const wish = [{ ...plc, address: "10.0.3.10" }];
    const refusal = denied(await world.answer(listing("rival", wish), 1, 6_000));
    assert.match(
      refusal,
      /attachments\[0\]: plant\/plc: 10\.0\.3\.10 of pool "main" is taken: pod default\/web has it/,
    );
  });

  it("may have separate annotations for one of its children", async () => {
    using world = new TwoConnections();
    await pass(200);
    const pod = admitted(await world.answer(listing("web", [plc], separateNet)));
    assert.equal(pod.metadata.annotations?.[annotation.vxlanIp], "10.0.2.10/24");
    assert.deepEqual(addressesOf(pod), ["10.0.3.10/24"]);
  });

  it("keeps its addresses when the API server requests again, and a copy gets others", async () => {
    using world = new TwoConnections();
    await pass(200);
    const pod = admitted(await world.answer(listing("web", [net, plc])));
    const again = admitted(await world.answer(pod, 1));
    assert.deepEqual(again.metadata.annotations, pod.metadata.annotations);
    const { metadata, ...rest } = pod;
    const copy = admitted(await world.answer({ ...rest, metadata: { ...metadata, name: "copy" } }));
    assert.equal(new Set([...addressesOf(pod), ...addressesOf(copy)]).size, 4);
  });

  it("cannot claim the address of another pod by results that its author wrote", async () => {
    using world = new TwoConnections();
    await pass(200);
    const wish = [net, { ...plc, address: "10.0.3.11" }];
    const victim = admitted(await world.answer(listing("victim", wish)));
    const attached = victim.metadata.annotations?.[annotation.attached] ?? "";
    const separate = { [annotation.attached]: attached };
    const evil = admitted(await world.answer(listing("evil", [net, plc], separate)));
    assert.deepEqual(addressesOf(evil), ["10.0.2.11/24", "10.0.3.10/24"]);
    const single = { ...separateNet, [annotation.attached]: attached };
    const other = admitted(await world.answer(asking("other", single)));
    assert.equal(other.metadata.annotations?.[annotation.attached], undefined);
  });

  it("gets different addresses from two children of one connection with the same pool", async () => {
    using world = new TwoConnections();
    const shared = {
      local_ips: ["10.0.4.0/24"],
      vxlan_ip: "10.0.4.2/24",
      ip_pools: { main: ["10.0.4.10-10.0.4.11/24"] },
    };
    const children = {
      one: childSpec(3, { ...shared, name: "one", xfrm_ip: "10.0.4.1/24" }),
      other: childSpec(4, { ...shared, name: "other", xfrm_ip: "10.0.4.3/24" }),
    };
    world.api.put(
      IPSecConnection,
      connectionSpec("plant", { children, nodeName: "node-b" }) as KubeObject,
    );
    for (const name of Object.keys(children)) {
      const annotations = { [annotation.connection]: "plant", [annotation.child]: name };
      const metadata = { ...gateway.metadata, name: `gateway-${name}`, annotations };
      world.api.put(Pod, { ...gateway, metadata } as KubeObject);
    }
    await pass(200);
    const list = Object.keys(children).map((childName) => ({ ...plc, childName }));
    const pod = admitted(await world.answer(listing("web", list), 0, 2_000));
    assert.deepEqual(addressesOf(pod), ["10.0.4.10/24", "10.0.4.11/24"]);
  });

  it("releases every address when it ends", async () => {
    using world = new TwoConnections();
    await pass(200);
    const wish = [
      { ...net, address: "10.0.2.77" },
      { ...plc, address: "10.0.3.11" },
    ];
    for (let round = 0; round < 3; round++) {
      const pod = admitted(await world.answer(listing(`web-${round}`, wish), round % 2, 1_000));
      assert.deepEqual(addressesOf(pod), ["10.0.2.77/24", "10.0.3.11/24"]);
      world.api.put(Pod, pod);
      await pass(100);
      world.delete(pod);
      await pass(1_500);
    }
    assert.ok(
      !world.reservedFor("partner", "10.0.2.77") && !world.reservedFor("plant", "10.0.3.11"),
    );
  });

  it("is known with all its addresses to an operator that starts later", async () => {
    using world = new TwoConnections();
    await pass(200);
    const wish = [
      { ...net, address: "10.0.2.77" },
      { ...plc, address: "10.0.3.11" },
    ];
    world.api.put(Pod, admitted(await world.answer(listing("web", wish))));
    await pass(ttlMs);
    for (const which of [0, 1]) world.crash(which);
    await pass(500);
    for (const one of wish) {
      const answer = await world.answer(listing("rival", [one]), 1, 6_000);
      assert.match(denied(answer), /is taken: pod default\/web has it/);
    }
  });

  it("keeps no address if one of its children has none that is free", async () => {
    using world = new TwoConnections();
    await pass(200);
    for (const n of [0, 1])
      world.api.put(Pod, admitted(await world.answer(listing(`full-${n}`, [plc]), 0, 2_000)));
    await pass(10_000);
    const wish = [{ ...net, address: "10.0.2.77" }, plc];
    for (let attempt = 0; attempt < 3; attempt++) {
      const refusal = denied(await world.answer(listing("web", wish), 0, 6_000));
      assert.match(refusal, /attachments\[1\]: plant\/plc: pool "main" has no free address: all 2/);
      assert.ok(!world.reservedFor("partner", "10.0.2.77"));
    }
  });

  it("loses the reservation of every address if it is not created", async () => {
    using world = new TwoConnections();
    await pass(200);
    admitted(await world.answer(listing("never", [{ ...net, address: "10.0.2.77" }, plc])));
    assert.ok(world.reservedFor("partner", "10.0.2.77"));
    await pass(ttlMs + 10_000);
    assert.ok(!world.reservedFor("partner", "10.0.2.77"), "the pod was never created");
    assert.ok(!world.reservedFor("plant", "10.0.3.10"), "the pod was never created");
  });

  it("is refused with the field at fault", async () => {
    using world = new TwoConnections();
    await pass(200);
    const refusal = async (list: unknown, separate = {}) =>
      denied(await world.answer(listing("web", list, separate), 0, 2_000));
    const at = "^metadata\\.annotations: ipman\\.dialo\\.ai/attachments";
    const cases: [unknown, string, Record<string, string>?][] = [
      ["[{", `${at}: is not JSON`],
      [[{ ...net, poolName: 7 }], `${at}\\[0\\]\\.poolName: must be of type string`],
      [
        [net, { ...plc, poolName: "no" }],
        `${at}\\[1\\]\\.poolName: child plc has no pool "no"; known: main`,
      ],
      [
        [net, { ...plc, ipmanName: "no" }],
        `${at}\\[1\\]: child "plc" of IPSecConnection "no" is not available`,
      ],
      [
        [net, { ...plc, childName: "no" }],
        `${at}\\[1\\]: child "no" of IPSecConnection "plant" is not available`,
      ],
      [
        [net, plc, net],
        `${at}\\[2\\]: the child partner/net is requested by ipman\\.dialo\\.ai/attachments\\[0\\]`,
      ],
      [
        [net, plc],
        `${at}\\[0\\]: the child partner/net is requested by ipman\\.dialo\\.ai/childName`,
        separateNet,
      ],
      [
        [{ ...net, address: "10.9.9.9" }],
        `${at}\\[0\\]: partner/net: 10\\.9\\.9\\.9 is not an address of pool`,
      ],
      [[{ ...net, keepAddress: true }], `${at}\\[0\\]\\.keepAddress is for pods of a StatefulSet`],
      [
        [net],
        "ipman\\.dialo\\.ai/poolName is missing",
        { [annotation.connection]: "plant", [annotation.child]: "plc" },
      ],
      [
        [net],
        "ipman\\.dialo\\.ai/address is for the attachment of .*; write address in an entry",
        { [annotation.address]: "10.0.2.10" },
      ],
    ];
    for (const [list, words, separate] of cases)
      assert.match(await refusal(list, separate), new RegExp(words));
  });

  it("is refused if the routes of its children overlap, with both children and the remedy", async () => {
    using world = new TwoConnections();
    world.plant({ remote_ips: ["10.1.0.0/16"] });
    await pass(200);
    assert.match(
      denied(await world.answer(listing("web", [net, plc]))),
      /^metadata\.annotations: ipman\.dialo\.ai\/attachments\[1\]: the route 10\.1\.2\.0\/24 of partner\/net overlaps with the route 10\.1\.0\.0\/16 of plant\/plc, .* run a pod for each child$/,
    );
    assert.ok(!world.reservedFor("plant", "10.0.3.10"));
  });
});
