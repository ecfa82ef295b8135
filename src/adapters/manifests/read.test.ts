import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readManifest } from "./read.ts";

const read = (text: string) => readManifest("x.yaml", text);
const connection = "apiVersion: ipman.dialo.ai/v1\nkind: IPSecConnection\nmetadata: {name: a}\n";
const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";

describe("a manifest", () => {
  it("has several YAML documents, of which empty ones are ignored", () => {
    const { resources, problems } = read(`---\n${connection}---\n---\n${secret}---\n`);
    assert.deepEqual(
      resources.map(({ kind, key }) => `${kind} ${key}`),
      ["IPSecConnection a", "Secret default/s"],
    );
    assert.deepEqual(problems, []);
  });

  it("has the file's time as the creation time of a Secret", () => {
    const key = "apiVersion: v1\nkind: Secret\nmetadata: { name: a, creationTimestamp: null }\n";
    const { resources } = readManifest("a.yaml", key, new Date("2026-01-01T00:00:00Z"));
    const [found] = resources.map(({ document }) => document as { metadata: object });
    assert.deepEqual(found?.metadata, { name: "a", creationTimestamp: "2026-01-01T00:00:00.000Z" });
  });

  it("may be empty", () => {
    assert.deepEqual(read(""), { resources: [], problems: [] });
    assert.deepEqual(read("# nothing yet\n"), { resources: [], problems: [] });
  });

  for (const [defect, text, path, message] of [
    ["malformed YAML", "a: [1", "", /not valid YAML/],
    ["an alias without an anchor", "a: *b", "", /not valid YAML: Unresolved alias/],
    [
      "another kind",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
      "kind",
      /not a kind that ipman reads/,
    ],
    [
      "another group",
      connection.replace("ipman.dialo.ai", "example.org"),
      "kind",
      /not a kind that ipman reads/,
    ],
    ["no name", connection.replace("{name: a}", "{}"), "metadata.name", /required/],
    ["no object", "just text\n", "", /is not a Kubernetes object/],
    ["no kind", "apiVersion: v1\n", "", /is not a Kubernetes object/],
  ] as const) {
    it(`with ${defect} is reported, and the other manifests are read`, () => {
      const { resources, problems } = read(`${secret}---\n${text}`);
      assert.equal(resources.length, 1);
      assert.equal(problems[0]?.source, "x.yaml");
      assert.equal(problems[0]?.path, path);
      assert.match(problems[0]?.message ?? "", message);
    });
  }
});
