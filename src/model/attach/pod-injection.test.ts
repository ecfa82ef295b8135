import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Address } from "../net/address.ts";
import { parseAddress } from "../net/address.ts";
import { readOrder } from "./attach-order.ts";
import { connectionFromCr } from "../validation/connection-from-cr.ts";
import type { Child, Connection } from "../api/connection.ts";
import { injectionPatch, type NewPod } from "./pod-injection.ts";
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

const injection = {
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
function patched(from: NewPod): NewPod {
  const result = structuredClone(from) as unknown as Record<string, unknown>;
  for (const { path, value } of injectionPatch(from, injection)) {
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
      "ipman.dialo.ai/reservedAt": injection.reservationId,
      "ipman.dialo.ai/reservation": injection.proof,
    });
    assert.deepEqual(made.metadata.labels, { "ipman.dialo.ai/worker": "lan" });
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
    const order = readOrder(attach?.value ?? "");
    assert.equal(order.tunnelMtu, 1422);
    assert.equal(formatPrefix(order.worker.address), "10.0.2.3/24");
    assert.equal(order.worker.mac, injection.secrets.mac);
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
