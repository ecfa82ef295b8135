import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatPosition, LocatedManifest } from "./located-manifest.ts";

const text = `# a comment
apiVersion: ipman.dialo.ai/v1
kind: IPSecConnection
metadata: { name: a, labels: { example.org/x: y } }
spec:
  children:
    net:
      local_ips:
        - 10.0.0.0/24
        - 10.0.1.0/24
    net.b: {}
---
apiVersion: v1
kind: Secret
metadata: { name: s }
`;

describe("a manifest with positions", () => {
  const manifest = new LocatedManifest("x.yaml", text);

  it("has resources whose source is their position", () => {
    assert.deepEqual(
      manifest.snapshot.resources.map(({ kind, source }) => `${kind} ${source}`),
      ["IPSecConnection x.yaml:2:1", "Secret x.yaml:13:1"],
    );
  });

  for (const [path, position] of [
    ["", "x.yaml:2:1"],
    ["metadata.name", "x.yaml:4:13"],
    ["metadata.labels.example.org/x", "x.yaml:4:32"],
    ["spec.children.net.local_ips[1]", "x.yaml:10:11"],
    ["spec.children.net.remote_ips[0]", "x.yaml:7:5"],
    ["spec.children.net.b.if_id", "x.yaml:11:5"],
    ["spec.remoteAddr", "x.yaml:5:1"],
    ["specs", "x.yaml:2:1"],
    ["…", "x.yaml:2:1"],
  ] as const) {
    it(`finds "${path}" at ${position}`, () => {
      const found = manifest.positionOf({ source: "x.yaml:2:1", path, message: "" });
      assert.equal(found === undefined ? "" : formatPosition(found), position);
    });
  }

  it("finds no position in another file", () => {
    assert.equal(manifest.positionOf({ source: "y.yaml:2:1", path: "", message: "" }), undefined);
  });

  for (const [problem, content, position, message] of [
    ["a sequence without an end", "a: 1\nb: [1\n", "x.yaml:3:1", /is not valid YAML: .*flow/i],
    ["a duplicate key", "a: 1\na: 2\n", "x.yaml:2:1", /is not valid YAML: Map keys must be unique/],
    [
      "an alias without an anchor",
      "\na: *b\n",
      "x.yaml:2:1",
      /is not valid YAML: Unresolved alias/,
    ],
    ["text", "just text\n", "x.yaml:1:1", /^is not a Kubernetes object/],
    [
      "another kind",
      "---\n\napiVersion: v1\nkind: Pod\n",
      "x.yaml:4:1",
      /^v1 Pod is not a kind that ipman reads/,
    ],
  ] as const) {
    it(`reports the position of ${problem}`, () => {
      const broken = new LocatedManifest("x.yaml", content);
      const [first] = broken.snapshot.problems;
      assert.ok(first !== undefined);
      const found = broken.positionOf(first);
      assert.match(first.message, message);
      assert.doesNotMatch(first.message, /\n|at line/);
      assert.equal(found?.line, Number(position.split(":")[1]), position);
    });
  }

  it("is empty for an empty text", () => {
    assert.deepEqual(new LocatedManifest("x.yaml", "").snapshot, { resources: [], problems: [] });
  });
});
