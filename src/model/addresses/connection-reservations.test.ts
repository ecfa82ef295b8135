import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { annotation } from "../kubernetes/labels.ts";
import {
  reservationsConfigMap,
  changedReservations,
  emptyReservations,
  mostServices,
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
    assert.deepEqual(reservationsConfigMap(taken).metadata, reservations.metadata);
  });

  it("keeps the addresses of Services when a version that does not know them replaces its data", () => {
    const services = { "10.0.2.9": [{ service: "shop/web", uid: "u" }] };
    const given = changedReservations(reservations, { services });
    assert.ok(given !== undefined);
    const { data: _, ...kept } = reservationsConfigMap(given);
    const rewritten = { ...kept, data: { pendingIps: "{}" } };
    assert.deepEqual(readReservations(rewritten).services, services);
  });

  it("has room for the most Services of a connection in an annotation", () => {
    const [namespace, name] = ["n".repeat(63), "s".repeat(63)];
    const services = Object.fromEntries(
      Array.from({ length: mostServices }, (_, i) => {
        const address = `fd00:1111:2222:3333:4444:5555:6666:${(0x1000 + i).toString(16)}`;
        return [address, [{ service: `${namespace}/${name}`, uid: "u".repeat(36) }]];
      }),
    );
    const given = changedReservations(reservations, { services });
    assert.ok(given !== undefined);
    const { annotations = {} } = reservationsConfigMap(given).metadata;
    const bytes = Object.entries(annotations).flat().join("").length;
    assert.ok(bytes < 256 * 1024, String(bytes));
  });

  it("lacks the addresses of Services that another program broke, and serves pods nevertheless", () => {
    for (const text of ["", "[]", '{"10.0.2.9":{}}', '{"10.0.2.9":[{"service":"a"}]}']) {
      const { metadata, ...fields } = reservationsConfigMap(reservations);
      const annotations = { ...metadata.annotations, [annotation.services]: text };
      const broken = { ...fields, metadata: { ...metadata, annotations } };
      const { servicesProblem, ...read } = readReservations(broken);
      assert.match(servicesProblem ?? "", /ipman\.dialo\.ai\/services is not a JSON object/);
      assert.deepEqual(read, reservations);
    }
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
