import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress, parseAddress, type Address } from "../net/address.ts";
import type { TrackedPort } from "../rules/tracking-plan.ts";
import type { ExposedPort, RemotePort } from "./child-services.ts";
import { changedPorts, isTarget, trackedPorts } from "./tracked-ports.ts";

const address = (text: string) => parseAddress(text) as Address;
const end = (text: string, port: number) => ({ address: address(text), port });
const flowTo = (text: string, port: number, source = "10.0.1.9") => {
  return { backend: end(text, port), source: address(source) };
};
const dns: ExposedPort = {
  service: "shop/dns",
  address: address("10.0.2.60"),
  transport: "udp",
  port: 53,
  affinity: false,
  backends: [end("10.244.0.5", 5353), end("10.244.0.6", 5353), end("fd44::6", 5353)],
};
const time: RemotePort = {
  service: "shop/time",
  transport: "udp",
  gatewayPort: 20_001,
  source: address("10.0.2.70"),
  backends: [end("10.0.1.7", 123)],
};
const facts = {
  gateway: address("10.0.2.1"),
  own: [address("10.244.0.1")],
  inSegment: (pod: Address) =>
    formatAddress(pod) === "10.244.0.5" ? address("10.0.2.10") : undefined,
};
const textOf = ({ address: own, port, backends }: TrackedPort) =>
  `${formatAddress(own)}:${port} ${backends.map((b) => `${formatAddress(b.address)}:${b.port}`).join()}`;
const planned = (exposed: readonly ExposedPort[], remote: readonly RemotePort[] = []) =>
  trackedPorts({ ...facts, services: { exposed, remote } });

describe("the tracked ports of a gateway", () => {
  it("have the targets by the addresses that the gateway uses", () => {
    assert.deepEqual(planned([dns], [time]).map(textOf), [
      "10.0.2.60:53 10.0.2.10:5353,10.244.0.6:5353",
      "10.244.0.1:20001 10.0.1.7:123",
    ]);
  });

  it("are those by UDP", () => {
    assert.deepEqual(planned([{ ...dns, transport: "tcp" }], [{ ...time, transport: "tcp" }]), []);
  });

  it("have no target if the Service has none, whose flows all end", () => {
    const [port] = planned([{ ...dns, backends: [] }]);
    assert.ok(port && !isTarget(port, flowTo("10.244.0.6", 5353)));
  });

  it("changed if a backend came or left, but not by their order", () => {
    const [a, b] = dns.backends;
    assert.ok(a && b);
    const before = planned([dns], [time]);
    assert.deepEqual(changedPorts(before, planned([{ ...dns, backends: [b, a] }], [time])), []);
    const now = planned([{ ...dns, backends: [b] }], [time]);
    assert.deepEqual(changedPorts(before, now).map(textOf), ["10.0.2.60:53 10.244.0.6:5353"]);
  });

  it("changed if the source did, whose former flows would go on with an address of others", () => {
    const moved = { ...time, source: address("10.0.2.71") };
    const [port] = changedPorts(planned([], [time]), planned([], [moved]));
    assert.ok(port && isTarget(port, flowTo("10.0.1.7", 123, "10.0.2.71")));
    assert.ok(!isTarget(port, flowTo("10.0.1.7", 123, "10.0.2.70")));
  });

  it("have any source if workers share addresses", () => {
    const services = { exposed: [], remote: [time] };
    const shared = address("10.0.2.50");
    const nat = { addresses: { first: shared, last: shared } };
    const [port] = trackedPorts({ ...facts, nat, services });
    assert.ok(port && isTarget(port, flowTo("10.0.1.7", 123, "10.0.2.50")));
  });

  it("changed all if nothing is known of before", () => {
    assert.equal(changedPorts(undefined, planned([dns], [time])).length, 2);
  });

  it("that are gone have no target any more", () => {
    const gone = changedPorts(planned([dns], [time]), planned([], [time]));
    assert.deepEqual(gone.map(textOf), ["10.0.2.60:53 "]);
  });
});
