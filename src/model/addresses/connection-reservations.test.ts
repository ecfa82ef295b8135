import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import {
  reservationsConfigMap,
  changedReservations,
  emptyReservations,
  readReservations,
} from "./connection-reservations.ts";

const owner = { apiVersion: "v1", kind: "ServiceAccount", name: "ipman-agent", uid: "u" };
const empty = emptyReservations("partner", { namespace: "ipman-system", owner });
const reservations = {
  ...empty,
  pending: { "fd00::2": "old", "10.0.2.3": "new" },
  podsVersion: "12",
};

function withData(data: Readonly<Record<string, string>>): KubeObject {
  return { ...reservationsConfigMap(empty), data } as KubeObject;
}

describe("the ConfigMap of a connection's reservations", () => {
  it("is read as it was written, without managedFields", () => {
    const { metadata, ...object } = reservationsConfigMap(reservations);
    const stored = { ...object, metadata: { ...metadata, managedFields: [{}] } };
    assert.deepEqual(readReservations(stored), reservations);
    assert.deepEqual(metadata.ownerReferences, [owner]);
  });

  it("has a line for each address", () => {
    const { data } = reservationsConfigMap(reservations);
    assert.equal(data?.["pendingIps"], '{\n "fd00::2": "old",\n "10.0.2.3": "new"\n}');
  });

  it("has a different name for each connection, however long the connection's name is", () => {
    const long = "a".repeat(250);
    const names = ["a", `${long}.b`, `${long}.c`].map(
      (connection) =>
        emptyReservations(connection, { namespace: "n", owner: undefined }).metadata.name,
    );
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.ok(name.length <= 63, name);
  });

  it("gains reservations, and loses those that are ended by their address and id", () => {
    const end = { "fd00::2": "old", "10.0.2.3": "another" };
    const changed = changedReservations(reservations, {
      reserve: { "10.0.2.4": "t" },
      end,
      podsVersion: "13",
    });
    assert.deepEqual(changed?.pending, { "10.0.2.3": "new", "10.0.2.4": "t" });
    assert.equal(changed?.podsVersion, "13");
    assert.equal(
      changedReservations(reservations, { end: { "fd00::2": "old" } })?.podsVersion,
      "12",
    );
  });

  it("keeps the addresses of Services until a change replaces them", () => {
    const services = { "10.0.2.9": [{ service: "shop/web", uid: "u" }] };
    const given = changedReservations(reservations, { services });
    assert.ok(given !== undefined);
    assert.deepEqual(readReservations(reservationsConfigMap(given)), given);
    const later = changedReservations(given, { reserve: { "10.0.2.4": "t" } });
    assert.deepEqual(later?.services, services);
    assert.equal(changedReservations(given, { services }), undefined);
    const taken = changedReservations(given, { services: {} });
    assert.ok(taken !== undefined && !("services" in taken));
    assert.ok(!("services" in (reservationsConfigMap(taken).data ?? {})));
  });

  it("has a problem if another program broke the addresses of Services", () => {
    for (const text of ["", "[]", '{"10.0.2.9":{}}', '{"10.0.2.9":[{"service":"a"}]}'])
      assert.match(readReservations(withData({ services: text })).problem ?? "", /data\.services/);
  });

  it("is not written if a change has no effect", () => {
    assert.equal(
      changedReservations(reservations, { end: { "10.0.2.3": "another" }, podsVersion: "13" }),
      undefined,
    );
    assert.equal(changedReservations(empty, {}), undefined);
  });

  it("has a problem that names the field that cannot be read", () => {
    for (const pendingIps of ["{", "[]", "null", '{"10.0.2.3": 1}', "7"])
      assert.match(
        readReservations(withData({ pendingIps })).problem ?? "",
        /^data\.pendingIps is not a JSON/,
      );
    assert.match(
      readReservations(withData({ podsVersion: "many" })).problem ?? "",
      /^data\.podsVersion "many" is not a number/,
    );
    const { metadata, ...object } = reservationsConfigMap(reservations);
    const other = { ...metadata, annotations: { "ipman.dialo.ai/ipmanName": "another" } };
    assert.match(
      readReservations({ ...object, metadata: other }).problem ?? "",
      /^metadata\.annotations: ipman\.dialo\.ai\/ipmanName does not match the ConfigMap/,
    );
    assert.equal(readReservations(withData({})).problem, undefined);
  });
});
