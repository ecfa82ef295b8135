import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import type { Connection } from "../api/connection.ts";
import { annotation } from "../kubernetes/labels.ts";
import { formatAddress, parseAddress, type Address } from "../net/address.ts";
import { underlayIn } from "../kubernetes/pod-addresses.ts";
import { manifest } from "../validation/manifests.fixture.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import { admittedPod, reservationProof } from "./reservation.ts";
import { SegmentKey } from "../network/segment-key.ts";
import type { Pod } from "../kubernetes/worker-pod.ts";
import { workersOf } from "./workers.ts";
import { writeListed } from "../kubernetes/pod-attachments.ts";

const key = new SegmentKey(Buffer.alloc(32, 1));

function declared(more: object = {}): Connection {
  const document = manifest();
  const parsed = connectionFromCr({ ...document, spec: { ...document.spec, ...more } } as never);
  return (parsed as { value: Connection }).value;
}

const connection = declared({ allowedNamespaces: ["bank"] });
const child = connection.children[0] as Connection["children"][number];
const [pool = "", ranges = []] = [...child.pools][0] ?? [];
const first = ranges[0]?.first as Prefix["address"];
const prefixAt = (n: number): Prefix => ({
  address: { ...first, value: first.value + BigInt(n) },
  length: 24,
});

interface Given {
  readonly name?: string;
  readonly namespace?: string;
  readonly address?: Prefix;
  readonly pool?: string;
  readonly created?: string;
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip?: string }[];
  readonly childName?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly signedBy?: SegmentKey;
}

/** A pod as the operator admits it and the API server stores it. */
function podOf(given: Given): Pod {
  const { name = "web-0", namespace = "bank", address = prefixAt(0) } = given;
  const reservationId = "2026-01-02T03:04:05.006123456Z";
  const facts = {
    connection: connection.id,
    child: child.key,
    pool: given.pool ?? pool,
    address,
    reservationId,
  };
  const proof = reservationProof(given.signedBy ?? key, {
    ...admittedPod({ namespace, name }),
    ...facts,
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      creationTimestamp: given.created ?? "2026-01-02T03:04:06Z",
      annotations: {
        [annotation.connection]: connection.id,
        [annotation.child]: given.childName ?? child.key,
        [annotation.pool]: facts.pool,
        [annotation.vxlanIp]: formatPrefix(address),
        [annotation.reservedAt]: reservationId,
        [annotation.reservation]: proof,
        ...given.annotations,
      },
    },
    status: {
      podIP: given.podIP ?? "10.244.0.7",
      ...(given.podIPs !== undefined && { podIPs: given.podIPs }),
    },
  };
}

const found = (...pods: Pod[]) => workersOf(pods, new Map([[connection.id, connection]]), key);
const whyNot = (given: Given) => {
  const { workers, refused } = found(podOf(given));
  assert.deepEqual(workers, []);
  assert.equal(refused.length, 1);
  return refused[0]?.why ?? "";
};

describe("the workers among pods", () => {
  it("are pods that the operator admitted, with the proofs of their reservations", () => {
    const pod = podOf({});
    const { workers, refused } = found(pod);
    assert.deepEqual(refused, []);
    const [worker] = workers;
    assert.equal(worker?.id, "bank/web-0");
    assert.equal(worker.child, child.key);
    assert.equal(worker.pool, pool);
    assert.equal(worker.reservation, pod.metadata.annotations?.[annotation.reservation]);
    assert.equal(worker.reservation.length, 32);
  });

  it("accept several gateways if they were attached for several", () => {
    const version = (value: string) =>
      podOf({ annotations: { [annotation.segmentVersion]: value } });
    assert.equal(found(version("2")).workers[0]?.severalGateways, true);
    for (const pod of [podOf({}), version("1"), version("")])
      assert.equal(found(pod).workers[0]?.severalGateways, undefined);
  });

  it("are the same objects while the pod and the connection are the same", () => {
    const pod = podOf({});
    assert.equal(found(pod).workers[0], found(pod).workers[0]);
    const other = workersOf([pod], new Map([[connection.id, { ...connection }]]), key);
    assert.notEqual(other.workers[0], found(pod).workers[0]);
  });

  it("do not include pods of another group's connection, nor pods without an address yet", () => {
    const elsewhere = { [annotation.connection]: "elsewhere" };
    assert.deepEqual(found(podOf({ annotations: elsewhere })), { workers: [], refused: [] });
    assert.deepEqual(found(podOf({ podIP: "" })), { workers: [], refused: [] });
  });

  it("do not include pods of a namespace that is not allowed or of an unknown child, with the same text", () => {
    const strange = whyNot({ namespace: "tenant" });
    assert.match(strange, /is not available to namespace tenant/);
    const unknown = whyNot({ namespace: "tenant", childName: "nothing" });
    assert.equal(unknown, strange.replace(`"${child.key}"`, '"nothing"'));
    assert.doesNotMatch(strange, /bank/);
  });

  it("do not include pods whose pool does not exist, or whose address is not of the pool", () => {
    assert.match(whyNot({ pool: "nothing" }), /has no pool "nothing"/);
    assert.match(whyNot({ pool: "constructor" }), /has no pool "constructor"/);
    const peer = parsePrefix("10.0.1.1/24") as Prefix;
    assert.match(whyNot({ address: peer }), /10\.0\.1\.1 is not an address of pool/);
    assert.match(whyNot({ annotations: { [annotation.vxlanIp]: "x" } }), /is not an address/);
  });

  it("do not include pods with the gateway's own address", () => {
    const own = { ...child, xfrmIp: prefixAt(0) };
    const other = { ...connection, children: [own] };
    const { workers, refused } = workersOf([podOf({})], new Map([[other.id, other]]), key);
    assert.deepEqual(workers, []);
    assert.match(refused[0]?.why ?? "", /is the gateway's own address/);
  });

  it("do not include pods whose pod address is malformed", () => {
    assert.match(whyNot({ podIP: "node-a" }), /status\.podIP "node-a" is not an address/);
  });

  it("are reached by the family of their gateway's first address, even if that is not their own first", () => {
    const gateways = { 4: "10.244.0.1", 6: "fd00::1" };
    const pods = {
      four: podOf({}),
      six: podOf({ podIP: "fd00::7" }),
      fourAndSix: podOf({ podIPs: [{ ip: "10.244.0.7" }, { ip: "fd00::7" }] }),
      attachedByFour: podOf({
        podIPs: [{ ip: "10.244.0.7" }, { ip: "fd00::7" }],
        annotations: { [annotation.xfrmUnderlyingIp]: gateways[4] },
      }),
      sixAndFour: podOf({ podIP: "fd00::7", podIPs: [{ ip: "fd00::7" }, { ip: "10.244.0.7" }] }),
    };
    const reached = (pod: Pod, family: 4 | 6) => {
      const underlay = parseAddress(gateways[family]) as Address;
      const all = new Map([[connection.id, connection]]);
      const { workers, refused } = workersOf([pod], all, key, () => ({ underlay }));
      assert.equal(workers.length + refused.length, 1);
      const [worker] = workers;
      if (worker === undefined) return refused[0]?.why ?? "";
      return formatAddress(underlayIn(worker, family) as Address);
    };
    assert.match(
      reached(pods.attachedByFour, 6),
      /was attached by IPv4, .* reached by IPv6; create/,
    );
    for (const pod of [pods.four, pods.fourAndSix, pods.attachedByFour, pods.sixAndFour])
      assert.equal(reached(pod, 4), "10.244.0.7");
    for (const pod of [pods.six, pods.fourAndSix, pods.sixAndFour])
      assert.equal(reached(pod, 6), "fd00::7");
    assert.match(
      reached(pods.four, 6),
      /has an IPv4 address only, .* reached by IPv6; give the pod/,
    );
    assert.match(
      reached(pods.six, 4),
      /has an IPv6 address only, .* reached by IPv4; give the pod/,
    );
  });

  it("do not include pods whose reservation is missing, another pod's, or forged", () => {
    const forged = /does not prove that ipman reserved/;
    assert.match(whyNot({ annotations: { [annotation.reservation]: "" } }), forged);
    assert.match(whyNot({ signedBy: new SegmentKey(Buffer.alloc(32, 2)) }), forged);
    assert.match(whyNot({ annotations: { [annotation.reservedAt]: "2026" } }), forged);
    const { annotations = {} } = podOf({ name: "web-1" }).metadata;
    assert.match(whyNot({ annotations }), forged);
    const { annotations: others = {} } = podOf({ address: prefixAt(1) }).metadata;
    const { [annotation.reservation]: id = "" } = others;
    if (ranges.length > 1 || ranges[0]?.last.value !== first.value)
      assert.match(whyNot({ annotations: { [annotation.reservation]: id } }), forged);
  });

  it("are the oldest of the pods with one address, in whatever order they arrive", () => {
    const pods = [
      podOf({ name: "c", created: "2026-01-02T03:04:07Z" }),
      podOf({ name: "b", created: "2026-01-02T03:04:06Z" }),
      podOf({ name: "a", created: "2026-01-02T03:04:07Z" }),
      podOf({ name: "d", created: "2026-01-02T03:04:06Z" }),
    ];
    const orders = fc.shuffledSubarray(pods, { minLength: pods.length });
    fc.assert(
      fc.property(orders, (order) => {
        const { workers, refused } = found(...order);
        assert.deepEqual(
          workers.map(({ id }) => id),
          ["bank/b"],
        );
        assert.deepEqual(refused.map(({ pod }) => pod.metadata.name).toSorted(), ["a", "c", "d"]);
        for (const { why } of refused) assert.match(why, /is taken by an older pod$/);
      }),
    );
  });

  describe("with several attachments", () => {
    const plant: Connection = { ...connection, id: "plant", allowedNamespaces: undefined };
    const all = new Map([connection, plant].map((one) => [one.id, one]));
    const request = { ipmanName: "plant", childName: child.key, poolName: pool };

    /** A pod with separate annotations, and a list with this attachment. */
    function both(listed: Readonly<Record<string, string>> = {}): Pod {
      const given = { address: prefixAt(0) };
      const separate = podOf(given).metadata.annotations ?? {};
      const place = { connection: "plant", child: child.key, pool, address: prefixAt(0) };
      const reservationId = separate[annotation.reservedAt] ?? "";
      const admitted = admittedPod({ namespace: "bank", name: "web-0" });
      const entry = {
        ...separate,
        [annotation.connection]: "plant",
        [annotation.reservation]: reservationProof(key, { ...admitted, ...place, reservationId }),
        ...listed,
      };
      return podOf({
        annotations: {
          [annotation.attachments]: JSON.stringify([request]),
          [annotation.attached]: writeListed([entry]),
        },
      });
    }

    it("are workers of each, and the same objects each time", () => {
      const pod = both();
      const { workers, refused } = workersOf([pod], all, key);
      assert.deepEqual(refused, []);
      assert.deepEqual(
        workers.map((worker) => [worker.id, worker.connection]),
        [
          ["bank/web-0", connection.id],
          ["bank/web-0", "plant"],
        ],
      );
      assert.notEqual(workers[0]?.reservation, workers[1]?.reservation);
      const again = workersOf([pod], all, key).workers;
      for (const [i, worker] of workers.entries()) assert.equal(again[i], worker);
    });

    it("are workers of those of the agent's connections only", () => {
      const { workers, refused } = workersOf([both()], new Map([["plant", plant]]), key);
      assert.deepEqual(refused, []);
      assert.deepEqual(
        workers.map((worker) => worker.connection),
        ["plant"],
      );
    });

    it("are refused for the attachment that is not proven, and stay workers of the other", () => {
      const { workers, refused } = workersOf([both({ [annotation.reservation]: "" })], all, key);
      assert.deepEqual(
        workers.map((worker) => worker.connection),
        [connection.id],
      );
      assert.match(refused[0]?.why ?? "", /^attachment plant\/.*: .* does not prove that/);
    });

    it("are refused for an attachment that the operator did not read", () => {
      const annotations = { [annotation.attachments]: JSON.stringify([request]) };
      const { workers, refused } = workersOf([podOf({ annotations })], all, key);
      assert.equal(workers.length, 1);
      assert.match(
        refused[0]?.why ?? "",
        /^attachment plant\/.*: it has no address, since the pod was admitted by a version/,
      );
      assert.deepEqual(found(podOf({ annotations })).refused, [], "another agent reports it");
    });
  });
});
