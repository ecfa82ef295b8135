import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Address } from "../net/address.ts";
import { parseAddress } from "../net/address.ts";
import { readOrders } from "./attach-order.ts";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import type { Child, Connection } from "../api/connection.ts";
import {
  injectionPatch,
  type Injection,
  type NewAttachment,
  type NewPod,
} from "./pod-injection.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";

const parsed = connectionFromCr({
  apiVersion: "ipman.dialo.ai/v1",
  kind: "IPSecConnection",
  metadata: { name: "partner" },
  spec: {
    name: "partner",
    remoteAddr: "192.0.2.2",
    localAddr: "",
    localId: "a",
    remoteId: "b",
    secretRef: { name: "s", namespace: "default", key: "k" },
    children: {
      lan: {
        name: "lan",
        local_ips: ["10.0.2.0/24"],
        remote_ips: ["10.0.1.0/24"],
        xfrm_ip: "10.0.2.1/24",
        vxlan_ip: "10.0.2.2/24",
        if_id: 102,
        ip_pools: { primary: ["10.0.2.3/24"] },
      },
    },
  },
});
const connection = (parsed as { value: Connection }).value;

const attachment: NewAttachment = {
  listed: undefined,
  connection,
  child: connection.children[0] as Child,
  pool: "primary",
  address: parsePrefix("10.0.2.3/24") as Prefix,
  gateway: parseAddress("10.244.1.3") as Address,
  reservationId: "2026-01-01T00:00:00.000000001Z",
  secrets: {
    mac: "02:00:00:00:00:03",
    gatewayMac: "02:00:00:00:00:01",
    seeds: [1, 2, 3, 4, 5, 6, 7, 8],
  },
  proof: "00112233445566778899aabbccddeeff",
  tunnelMtu: 1422,
};

const injection: Injection = {
  attachments: [attachment],
  vxlanPort: 7789,
  image: { name: "ipman:1", pullPolicy: "IfNotPresent" },
};

const pod: NewPod = {
  metadata: { annotations: { "ipman.dialo.ai/childName": "lan", other: "kept" } },
  spec: {
    containers: [{ name: "a", env: [{ name: "X", value: "1" }] }, { name: "b" }],
    initContainers: [{ name: "theirs" }],
  },
};

/** Applies a patch to the pod; each of its paths names a member that is replaced. */
function patched(from: NewPod, facts = injection): NewPod {
  const result = structuredClone(from) as unknown as Record<string, unknown>;
  for (const { path, value } of injectionPatch(from, facts)) {
    const names = path.slice(1).split("/");
    const last = names.pop() as string;
    const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, result);
    parent[last] = value;
  }
  return result as unknown as NewPod;
}

describe("a pod that joins a tunnel", () => {
  const made = patched(pod);

  it("gets the annotations that existing workloads read", () => {
    assert.deepEqual(made.metadata.annotations, {
      "ipman.dialo.ai/childName": "lan",
      other: "kept",
      "ipman.dialo.ai/ipmanName": "partner",
      "ipman.dialo.ai/poolName": "primary",
      "ipman.dialo.ai/vxlanIp": "10.0.2.3/24",
      "ipman.dialo.ai/xfrmIp": "10.0.2.1",
      "ipman.dialo.ai/interfaceId": "102",
      "ipman.dialo.ai/localIps": '["10.0.2.0/24"]',
      "ipman.dialo.ai/remoteIps": '["10.0.1.0/24"]',
      "ipman.dialo.ai/xfrmUnderlyingIp": "10.244.1.3",
      "ipman.dialo.ai/vxlanPort": "7789",
      "ipman.dialo.ai/reservedAt": attachment.reservationId,
      "ipman.dialo.ai/reservation": attachment.proof,
    });
    assert.deepEqual(made.metadata.labels, { "ipman.dialo.ai/worker": "lan" });
  });

  const version = "ipman.dialo.ai/segmentVersion";
  const several = {
    ...injection,
    attachments: [{ ...attachment, severalGateways: true }],
  } as const;

  it("is marked, and attached, for several gateways if its child has them", () => {
    const { metadata, spec } = patched(pod, several);
    assert.equal(metadata.annotations?.[version], "2");
    const [order] = readOrders(spec.initContainers?.[0]?.env?.[0]?.value ?? "");
    assert.equal(order?.severalGateways, true);
    assert.deepEqual(patched(patched(pod, several), several), patched(pod, several));
  });

  it("keeps no mark that its author wrote, or that it had when its child had several gateways", () => {
    assert.deepEqual(patched(patched(pod, several)), made);
    const forged = { ...attachment, listed: { [version]: "2", other: "kept" } };
    const { metadata } = patched(pod, { ...injection, attachments: [forged] });
    assert.doesNotMatch(JSON.stringify(metadata), /segmentVersion/);
  });

  it("has the token's mount in all containers, as the API server would add it", () => {
    const token = {
      name: "kube-api-access-x",
      mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
    };
    const containers = [{ name: "a", volumeMounts: [{ name: "data", mountPath: "/data" }, token] }];
    const [first] = patched({ ...pod, spec: { containers } }).spec.initContainers ?? [];
    assert.deepEqual(first?.volumeMounts, [token]);
    assert.equal(made.spec.initContainers?.[0]?.volumeMounts, undefined);
  });

  it("is attached before its own containers run", () => {
    const [first, second] = made.spec.initContainers ?? [];
    assert.equal(first?.name, "ipman-attach");
    assert.equal(second?.name, "theirs");
    const { securityContext } = first as unknown as {
      securityContext: { capabilities: unknown; privileged: boolean };
    };
    assert.deepEqual(securityContext.capabilities, { drop: ["ALL"], add: ["NET_ADMIN"] });
    assert.equal(securityContext.privileged, false);
    const [attach, node] = first?.env ?? [];
    const hostIp = { fieldRef: { apiVersion: "v1", fieldPath: "status.hostIP" } };
    assert.deepEqual(node, { name: "IPMAN_NODE", valueFrom: hostIp });
    const [order, ...more] = readOrders(attach?.value ?? "");
    assert.deepEqual(more, []);
    assert.equal(order?.tunnelMtu, 1422);
    assert.equal(formatPrefix(order.worker.address), "10.0.2.3/24");
    assert.equal(order.worker.mac, attachment.secrets.mac);
  });

  it("keeps the environment of every container", () => {
    const address = { name: "VXLAN_IP", value: "10.0.2.3" };
    assert.deepEqual(
      made.spec.containers.map(({ env }) => env),
      [[{ name: "X", value: "1" }, address], [address]],
    );
    assert.deepEqual(made.spec.initContainers?.[1]?.env, [address]);
  });

  it("does not change when the patch is applied again", () => {
    assert.deepEqual(patched(made), made);
  });
});

describe("a pod that joins several children", () => {
  const listed = {
    "ipman.dialo.ai/ipmanName": "plant",
    "ipman.dialo.ai/childName": "plc",
    "ipman.dialo.ai/poolName": "main",
  };
  const other: NewAttachment = {
    ...attachment,
    listed,
    connection: { ...connection, id: "plant" },
    child: { ...attachment.child, key: "plc", name: "plc", ifId: 103 },
    pool: "main",
    address: parsePrefix("10.0.3.7/24") as Prefix,
    proof: "ffeeddccbbaa99887766554433221100",
  };
  const both: Injection = { ...injection, attachments: [attachment, other] };
  const valuesOf = (annotations: Readonly<Record<string, string>> | undefined) =>
    JSON.parse(annotations?.["ipman.dialo.ai/attached"] ?? "null") as Record<string, string>[];

  it("gets the results of its list by the names of the annotations of one attachment", () => {
    const { metadata } = patched(pod, both);
    assert.equal(metadata.annotations?.["ipman.dialo.ai/vxlanIp"], "10.0.2.3/24");
    assert.deepEqual(metadata.labels, { "ipman.dialo.ai/worker": "lan" });
    assert.deepEqual(valuesOf(metadata.annotations), [
      {
        ipmanName: "plant",
        childName: "plc",
        poolName: "main",
        vxlanIp: "10.0.3.7/24",
        xfrmIp: "10.0.2.1",
        interfaceId: "103",
        localIps: '["10.0.2.0/24"]',
        remoteIps: '["10.0.1.0/24"]',
        xfrmUnderlyingIp: "10.244.1.3",
        vxlanPort: "7789",
        reservedAt: attachment.reservationId,
        reservation: other.proof,
      },
    ]);
  });

  it("has no separate annotations if it requested none", () => {
    const listOnly = { ...pod, metadata: { annotations: { other: "kept" } } };
    const { metadata } = patched(listOnly, { ...injection, attachments: [other] });
    assert.deepEqual(Object.keys(metadata.annotations ?? {}), ["other", "ipman.dialo.ai/attached"]);
    assert.deepEqual(metadata.labels, { "ipman.dialo.ai/worker": "plc" });
  });

  it("has one init container, and the addresses in every container", () => {
    const { spec } = patched(pod, both);
    const [attach, ...others] = spec.initContainers ?? [];
    assert.deepEqual(
      others.map(({ name }) => name),
      ["theirs"],
    );
    const orders = readOrders(attach?.env?.[0]?.value ?? "");
    assert.deepEqual(
      orders.map((order) => [order.connection.id, order.child.key, order.child.ifId]),
      [
        ["partner", "lan", 102],
        ["plant", "plc", 103],
      ],
    );
    for (const { env = [] } of [...spec.containers, ...others])
      assert.deepEqual(env.slice(-2), [
        { name: "VXLAN_IP", value: "10.0.2.3" },
        { name: "VXLAN_IPS", value: "10.0.2.3,10.0.3.7" },
      ]);
  });

  it("does not change when the patch is applied again", () => {
    const made = patched(pod, both);
    assert.deepEqual(patched(made, both), made);
  });

  it("keeps no results that its author wrote", () => {
    const forged = { "ipman.dialo.ai/attached": '[{"ipmanName":"bank"}]' };
    const { metadata } = patched({ ...pod, metadata: { annotations: forged } });
    assert.equal(metadata.annotations?.["ipman.dialo.ai/attached"], undefined);
  });
});
