import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConnectionResource, ConnectionStatusPart } from "./connection-resource.ts";
import { reservationPatch } from "./reservation-patch.ts";

const connection = (status?: ConnectionStatusPart): ConnectionResource => ({
  ...{ apiVersion: "ipman.dialo.ai/v1", kind: "IPSecConnection" },
  metadata: { name: "partner", uid: "u", generation: 3, resourceVersion: "77" },
  ...(status !== undefined && { status }),
});

const premises = [
  { op: "test", path: "/metadata/uid", value: "u" },
  { op: "test", path: "/metadata/generation", value: 3 },
];

describe("the patch that reserves addresses", () => {
  it("holds only for the object, the spec and the pods on which it was thought out", () => {
    const base = connection({ pendingIps: { "fd00::2": "old" }, podsVersion: "12" });
    const change = { reserve: { "10.0.2.3": "new" }, end: { "fd00::2": "old" }, podsVersion: "15" };
    assert.deepEqual(reservationPatch(base, change), [
      ...premises,
      { op: "test", path: "/status/podsVersion", value: "12" },
      { op: "test", path: "/status/pendingIps/fd00::2", value: "old" },
      { op: "remove", path: "/status/pendingIps/fd00::2" },
      { op: "test", path: "/status/pendingIps/10.0.2.3", value: null },
      { op: "add", path: "/status/pendingIps/10.0.2.3", value: "new" },
      { op: "add", path: "/status/podsVersion", value: "15" },
    ]);
  });

  it("does not name the object's version: what it is not about may change", () => {
    const patch = reservationPatch(connection({ pendingIps: {} }), {
      reserve: { "10.0.2.3": "t" },
    });
    assert.ok(!JSON.stringify(patch).includes("77"));
  });

  it("makes what is to have the addresses, if nobody else did", () => {
    const reserve = { "10.0.2.3": "t" };
    const added = [
      { op: "test", path: "/status/pendingIps/10.0.2.3", value: null },
      { op: "add", path: "/status/pendingIps/10.0.2.3", value: "t" },
    ];
    assert.deepEqual(reservationPatch(connection(), { reserve }), [
      ...premises,
      { op: "test", path: "/status", value: null },
      { op: "add", path: "/status", value: { pendingIps: {} } },
      ...added,
    ]);
    assert.deepEqual(reservationPatch(connection({ node: "a" }), { reserve }), [
      ...premises,
      { op: "test", path: "/status/podsVersion", value: null },
      { op: "test", path: "/status/pendingIps", value: null },
      { op: "add", path: "/status/pendingIps", value: {} },
      ...added,
    ]);
  });

  it("is none where no reservation changes", () => {
    assert.deepEqual(reservationPatch(connection(), { podsVersion: "15" }), []);
  });
});
