import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gatewayPorts, isGatewayPort, servicePortKey } from "./gateway-ports.ts";
import type { RemoteRequest } from "./service-request.ts";

function request(name: string, ports: readonly number[], transport: "tcp" | "udp" = "tcp") {
  const requested = ports.map((port) => ({ name: `p${port}`, transport, port, hostPort: port }));
  return { kind: "remote", service: `shop/${name}`, ports: requested } as unknown as RemoteRequest;
}

const keyOf = (name: string, port: number, transport: "tcp" | "udp" = "tcp") =>
  servicePortKey(`shop/${name}`, { name: `p${port}`, transport });

describe("the ports of a gateway", () => {
  it("differ within a transport, and do not depend on other Services as long as none collides", () => {
    const many = Array.from({ length: 50 }, (_, i) => request(`s${i}`, [80, 443]));
    const ports = [...gatewayPorts(many, new Map()).values()];
    assert.equal(new Set(ports).size, 100);
    assert.ok(ports.every(isGatewayPort));
    const [one] = [...gatewayPorts([request("s7", [80])], new Map()).values()];
    assert.equal(gatewayPorts(many, new Map()).get(keyOf("s7", 80)), one);
  });

  it("stay as they were read back, except for those that are out of range or used twice", () => {
    const known = new Map([
      [keyOf("a", 80), 20_005],
      [keyOf("b", 80), 20_005],
      [keyOf("c", 80), 22],
      [keyOf("d", 80, "udp"), 20_005],
    ]);
    const requests = [
      request("a", [80]),
      request("b", [80]),
      request("c", [80]),
      request("d", [80], "udp"),
    ];
    const ports = gatewayPorts(requests, known);
    assert.equal(ports.get(keyOf("a", 80)), 20_005);
    assert.equal(ports.get(keyOf("d", 80, "udp")), 20_005);
    assert.notEqual(ports.get(keyOf("b", 80)), 20_005);
    assert.ok(isGatewayPort(ports.get(keyOf("c", 80))));
  });

  it("are searched for in a full range by no more than a look at its size", () => {
    const ports = Array.from({ length: 100 }, (_, i) => i + 1);
    const requests = Array.from({ length: 1_000 }, (_, i) => request(`s${i}`, ports));
    const start = performance.now();
    assert.equal(gatewayPorts(requests, new Map()).size, 10_000);
    // A search for each of the others would take a minute.
    assert.ok(performance.now() - start < 10_000);
  });

  it("are missing once all are taken", () => {
    const all = request(
      "a",
      Array.from({ length: 10_000 }, (_, i) => i + 1),
    );
    const ports = gatewayPorts([all, request("b", [80])], new Map());
    assert.equal(ports.size, 10_000);
    assert.equal(ports.get(keyOf("b", 80)), undefined);
  });
});
