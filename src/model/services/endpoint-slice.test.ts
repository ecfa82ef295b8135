import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { annotation } from "../kubernetes/labels.ts";
import { SegmentKey } from "../network/segment-key.ts";
import { trimmedSlice } from "./endpoint-slice.ts";
import { remoteSlice, sliceObject } from "./services.fixture.ts";

const withFields = (fields: object) =>
  trimmedSlice({ ...sliceObject("shop/web", "a", []), ...fields } as KubeObject);

describe("an EndpointSlice", () => {
  it("names its Service, and nothing of what ipman does not read", () => {
    const slice = sliceObject("shop/web", "a", [{ address: "10.244.0.1" }]);
    const annotations = { [annotation.source]: "10.0.2.3", other: "x".repeat(1_000) };
    const trimmed = trimmedSlice({ ...slice, metadata: { ...slice.metadata, annotations } });
    assert.equal(trimmed.service, "shop/web");
    assert.deepEqual(trimmed.metadata, { name: "a", namespace: "shop" });
  });

  it("of ipman's operator has the annotations that prove it, and no endpoints", () => {
    const child = { connection: "bank", child: "net", pool: "primary" };
    const key = new SegmentKey(Buffer.alloc(32, 1));
    const slice = trimmedSlice(
      remoteSlice("shop/db", child, key, { source: "10.0.2.3", port: 20_001 }),
    );
    assert.equal(slice.isOwn, true);
    assert.deepEqual(slice.endpoints, []);
    assert.equal(slice.metadata.annotations?.[annotation.source], "10.0.2.3");
    assert.deepEqual(slice.ports, [{ name: "sql", transport: "tcp", port: 20_001 }]);
  });

  it("without lists, or with others than lists, has no endpoints and no ports", () => {
    for (const value of [undefined, null, "x", {}, 7]) {
      const { endpoints, ports } = withFields({ endpoints: value, ports: value });
      assert.deepEqual([endpoints, ports], [[], []]);
    }
  });

  it("is read without malformed endpoints and ports", () => {
    const endpoints = [null, [], { addresses: "x" }, { addresses: ["x"] }, { addresses: [7] }];
    const ports = [null, { port: 0 }, { port: 70_000 }, { port: "80" }, { port: 1.5 }, {}];
    const bad = withFields({
      endpoints: [...endpoints, { addresses: ["10.0.0.1"], conditions: 7, nodeName: 7 }],
      ports: [...ports, { port: 80, protocol: "ICMP" }, { port: 80, name: 7, protocol: 7 }],
    });
    const [endpoint, ...more] = bad.endpoints;
    assert.deepEqual(more, []);
    assert.deepEqual(
      { ...endpoint, address: 0 },
      { address: 0, ready: true, lingers: false, node: undefined },
    );
    assert.deepEqual(bad.ports, [{ name: "", transport: "tcp", port: 80 }]);
  });

  it("is read up to the API's limits", () => {
    const { endpoints, ports } = withFields({
      endpoints: Array.from({ length: 1_001 }, () => ({ addresses: ["10.0.0.1"] })),
      ports: Array.from({ length: 101 }, (_, i) => ({ name: `p${i}`, port: i + 1 })),
    });
    assert.deepEqual([endpoints.length, ports.length], [1_000, 100]);
  });
});
