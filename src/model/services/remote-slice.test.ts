import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isServiceProof } from "../addresses/service-proof.ts";
import type { Child } from "../api/connection.ts";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { annotation } from "../kubernetes/labels.ts";
import { parseAddress, type Address } from "../net/address.ts";
import { parsePrefix } from "../net/prefix.ts";
import { SegmentKey } from "../network/segment-key.ts";
import { servicePortKey } from "./gateway-ports.ts";
import { isProvenSlice, knownSlice, remoteSlice } from "./remote-slice.ts";
import type { RemoteRequest } from "./service-request.ts";

const key = new SegmentKey(Buffer.alloc(32, 7));
const address = (text: string) => parseAddress(text) as Address;
const child = { key: "net", xfrmIp: parsePrefix("10.0.2.1/24") } as unknown as Child;
const request: RemoteRequest = {
  kind: "remote",
  service: "shop/db",
  namespace: "shop",
  connection: "bank",
  child: "lan",
  pool: "primary",
  address: undefined,
  families: [4],
  hosts: [address("10.1.2.7")],
  ports: [
    { name: "sql", transport: "tcp", port: 5432, hostPort: 5432 },
    { name: "", transport: "udp", port: 53, hostPort: 53 },
  ],
};
const ports = new Map([
  [servicePortKey("shop/db", { name: "sql", transport: "tcp" }), 20_001],
  [servicePortKey("shop/db", { name: "", transport: "udp" }), 20_002],
]);
const facts = { request, uid: "u", child, source: address("10.0.2.10"), isReady: true, ports };

describe("the EndpointSlice of a remote Service", () => {
  it("has the gateway, its ports, and a proof for these facts alone", () => {
    const slice = remoteSlice({ ...facts, gateway: address("10.244.1.1") }, key);
    const { endpoints, ports: shown } = slice as KubeObject & Record<string, unknown>;
    const conditions = { ready: true, serving: true };
    assert.deepEqual(endpoints, [{ addresses: ["10.244.1.1"], conditions }]);
    assert.deepEqual(shown, [
      { name: "sql", protocol: "TCP", port: 20_001 },
      { name: "", protocol: "UDP", port: 20_002 },
    ]);
    const proof = slice.metadata.annotations?.[annotation.reservation] ?? "";
    const proven = [
      { name: "", transport: "udp", port: 20_002 },
      { name: "sql", transport: "tcp", port: 20_001 },
    ];
    const place = { connection: "bank", child: "net", pool: "primary" };
    const claim = { ...place, address: facts.source, ports: proven };
    const names = { namespace: "shop", name: "db", uid: "u" };
    assert.ok(isProvenSlice(slice, key));
    const moved = [{ name: "sql", protocol: "TCP", port: 20_003 }];
    assert.ok(!isProvenSlice({ ...slice, ports: moved } as KubeObject, key));
    assert.ok(!isProvenSlice({ ...slice, metadata: { name: "x", namespace: "shop" } }, key));
    assert.ok(isServiceProof(proof, key, names, claim));
    assert.ok(!isServiceProof(proof, key, { ...names, name: "db2" }, claim));
    assert.ok(!isServiceProof(proof, key, { ...names, namespace: "tenant" }, claim));
    assert.ok(!isServiceProof(proof, key, { ...names, uid: "later" }, claim));
    assert.ok(!isServiceProof(proof, key, names, { ...claim, address: address("10.0.2.11") }));
    assert.ok(!isServiceProof(proof, key, names, { ...claim, pool: "other" }));
    assert.ok(!isServiceProof(proof, key, names, { ...claim, ports: proven.slice(1) }));
  });

  it("has no endpoint while no gateway runs, and another name for another child", () => {
    const slice = remoteSlice({ ...facts, gateway: undefined }, key);
    assert.deepEqual((slice as KubeObject & { endpoints: unknown }).endpoints, []);
    const other = remoteSlice({ ...facts, child: { ...child, key: "x" }, gateway: undefined }, key);
    assert.notEqual(other.metadata.name, slice.metadata.name);
  });

  it("is read back with its ports, however others changed it", () => {
    const slice = remoteSlice({ ...facts, gateway: undefined }, key);
    const known = knownSlice(slice);
    assert.deepEqual(
      { ...known, ports: [...known.ports] },
      {
        service: "shop/db",
        connection: "bank",
        child: "net",
        source: "10.0.2.10",
        ports: [...ports],
      },
    );
    for (const broken of [7, null, [null, 7, { port: "x" }, { protocol: "ICMP", port: 1 }]])
      assert.equal(knownSlice({ ...slice, ports: broken } as KubeObject).ports.size, 0);
  });
});
