import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { bookObject, changedBook, emptyBook, readBook } from "./reservation-book.ts";

const owner = { apiVersion: "v1", kind: "ServiceAccount", name: "ipman-agent", uid: "u" };
const empty = emptyBook("partner", { namespace: "ipman-system", owner });
const book = { ...empty, pending: { "fd00::2": "old", "10.0.2.3": "new" }, podsVersion: "12" };

function withData(data: Readonly<Record<string, string>>): KubeObject {
  return { ...bookObject(empty), data } as KubeObject;
}

describe("a book of reservations", () => {
  it("is what was written, without what the server keeps in it", () => {
    const { metadata, ...object } = bookObject(book);
    const stored = { ...object, metadata: { ...metadata, managedFields: [{}] } };
    assert.deepEqual(readBook(stored), book);
    assert.deepEqual(metadata.ownerReferences, [owner]);
  });

  it("has a line for each address", () => {
    const { data } = bookObject(book);
    assert.equal(data?.["pendingIps"], '{\n "fd00::2": "old",\n "10.0.2.3": "new"\n}');
  });

  it("is one of its own for each connection, however long the name", () => {
    const long = "a".repeat(250);
    const names = ["a", `${long}.b`, `${long}.c`].map(
      (connection) => emptyBook(connection, { namespace: "n", owner: undefined }).metadata.name,
    );
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.ok(name.length <= 63, name);
  });

  it("reserves, and ends what has the stamp that is ended, and no other's", () => {
    const end = { "fd00::2": "old", "10.0.2.3": "another" };
    const changed = changedBook(book, { reserve: { "10.0.2.4": "t" }, end, podsVersion: "13" });
    assert.deepEqual(changed?.pending, { "10.0.2.3": "new", "10.0.2.4": "t" });
    assert.equal(changed?.podsVersion, "13");
    assert.equal(changedBook(book, { end: { "fd00::2": "old" } })?.podsVersion, "12");
  });

  it("is not written where nothing changes", () => {
    assert.equal(
      changedBook(book, { end: { "10.0.2.3": "another" }, podsVersion: "13" }),
      undefined,
    );
    assert.equal(changedBook(empty, {}), undefined);
  });

  it("says what cannot be read", () => {
    for (const pendingIps of ["{", "[]", "null", '{"10.0.2.3": 1}', "7"])
      assert.match(
        readBook(withData({ pendingIps })).problem ?? "",
        /^data\.pendingIps is no JSON/,
      );
    assert.match(
      readBook(withData({ podsVersion: "many" })).problem ?? "",
      /^data\.podsVersion "many" is no number/,
    );
    const { metadata, ...object } = bookObject(book);
    const other = { ...metadata, annotations: { "ipman.dialo.ai/ipmanName": "another" } };
    assert.match(
      readBook({ ...object, metadata: other }).problem ?? "",
      /^metadata\.annotations: ipman\.dialo\.ai\/ipmanName is not that of its name/,
    );
    assert.equal(readBook(withData({})).problem, undefined);
  });
});
