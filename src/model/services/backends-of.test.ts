import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress } from "../net/address.ts";
import { backendsOf } from "./backends-of.ts";
import { trimmedSlice } from "./endpoint-slice.ts";
import { sliceObject, type TestEndpoint } from "./services.fixture.ts";

const https = { name: "https", transport: "tcp" } as const;
const slice = (name: string, endpoints: readonly TestEndpoint[], ports?: readonly object[]) =>
  trimmedSlice(sliceObject("shop/web", name, endpoints, ports));
const written = (backends: ReturnType<typeof backendsOf>) =>
  backends.map(({ address, port }) => `${formatAddress(address)} ${port}`);

const ready = { address: "10.244.0.1", conditions: { ready: true, serving: true } };
const unknown = { address: "10.244.0.2" };
const starting = { address: "10.244.0.3", conditions: { ready: false, serving: false } };
const ending = {
  address: "10.244.0.4",
  conditions: { ready: false, serving: true, terminating: true },
};
const ended = {
  address: "10.244.0.5",
  conditions: { ready: false, serving: false, terminating: true },
};

describe("the backends of a Service's port", () => {
  it("are its ready endpoints, and those without conditions", () => {
    const slices = [slice("a", [starting, ended, unknown, ending, ready])];
    assert.deepEqual(written(backendsOf(slices, https)), ["10.244.0.1 8443", "10.244.0.2 8443"]);
  });

  it("are those that end and still serve while none is ready", () => {
    const slices = [slice("a", [starting, ended, ending])];
    assert.deepEqual(written(backendsOf(slices, https)), ["10.244.0.4 8443"]);
    assert.deepEqual(backendsOf([slice("a", [starting, ended])], https), []);
  });

  it("are those of one node, of which those that end count while none is ready there", () => {
    const slices = [
      slice("a", [
        { ...ready, nodeName: "node-b" },
        { ...ending, nodeName: "node-a" },
      ]),
    ];
    assert.deepEqual(written(backendsOf(slices, https, "node-a")), ["10.244.0.4 8443"]);
    assert.deepEqual(backendsOf(slices, https, "node-c"), []);
  });

  it("have the port of this name and protocol, which slices may have differently", () => {
    const ports = (port: number) => [
      { name: "https", protocol: "UDP", port: 1 },
      { name: "other", protocol: "TCP", port: 2 },
      { name: "https", protocol: "TCP", port },
    ];
    const slices = [slice("a", [unknown], ports(8080)), slice("b", [ready], ports(8081))];
    assert.deepEqual(written(backendsOf(slices, https)), ["10.244.0.1 8081", "10.244.0.2 8080"]);
    const unnamed = [slice("a", [ready], [{ name: null, port: 80 }])];
    assert.deepEqual(written(backendsOf(unnamed, { ...https, name: "" })), ["10.244.0.1 80"]);
  });

  it("are each there once, in the order of their addresses, whatever the order of the slices", () => {
    const both = [ready, unknown];
    const slices = [
      slice("a", both),
      slice("b", [{ address: "fd00::1" }, { address: "9.0.0.1" }, ...both]),
    ];
    const expected = ["9.0.0.1 8443", "10.244.0.1 8443", "10.244.0.2 8443", "fd00::1 8443"];
    assert.deepEqual(written(backendsOf(slices, https)), expected);
    assert.deepEqual(written(backendsOf(slices.toReversed(), https)), expected);
  });

  it("are at most 1,000", () => {
    const many = (n: number) =>
      Array.from({ length: 1_000 }, (_, i) => ({ address: `10.${n}.${i >> 8}.${i & 255}` }));
    const slices = [slice("b", many(2)), slice("a", many(1))];
    const backends = written(backendsOf(slices, https));
    assert.equal(backends.length, 1_000);
    assert.equal(backends.at(-1), "10.1.3.231 8443");
  });
});
