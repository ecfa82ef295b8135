import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionOf, gateway } from "../../../test/models/fixtures.ts";
import type { TcpAnswer } from "../../adapters/tcp/tcp-answer.ts";
import type { Child } from "../../model/api/connection.ts";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { formatHostPort } from "../../model/net/host-port.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import type { ChildServices } from "../../model/translation/child-services.ts";
import type { ChildSubject } from "./subject.ts";
import { checkAnswers } from "./service-answers.ts";

const address = (text: string) => parseAddress(text) as Address;
const backends = (...texts: string[]) =>
  texts.map((text) => ({ address: address(text), port: 8_443 }));
const exposed = (transport: "tcp" | "udp", ...texts: string[]) => {
  const place = { address: address("10.0.2.10"), transport, port: 443, affinity: false };
  return { service: "shop/web", ...place, backends: backends(...texts) };
};
const remote = (...texts: string[]) => {
  const place = { transport: "tcp" as const, gatewayPort: 20_001, source: address("10.0.2.11") };
  return { service: "shop/db", ...place, backends: backends(...texts) };
};

/** The findings and the connections for a Service whose hosts answer in this way; others accept. */
async function found(
  service: string,
  services: ChildServices,
  answers: Readonly<Record<string, TcpAnswer>> = {},
  workers: readonly Worker[] = [],
) {
  const connection = connectionOf();
  const [child] = connection.children as [Child];
  const asked: string[] = [];
  const tcpAnswer = async (host: Address, port: number) => {
    const text = formatHostPort(host, port);
    asked.push(text);
    return answers[text] ?? "accepted";
  };
  const subject = {
    placed: { connection, child, gateway, workers, services },
  } as unknown as ChildSubject;
  const findings = await checkAnswers(subject, service, { tcpAnswer });
  return {
    asked,
    lines: findings.map(({ verdict, message }) => `${verdict} ${message}`),
    findings,
  };
}

const ofGateway = formatHostPort(gateway.underlay, 20_001);

describe("the answers of a Service's hosts", () => {
  it("are those of its endpoints by TCP, and of no other Service", async () => {
    const other = { ...exposed("tcp", "10.244.9.9"), service: "shop/other" };
    const services = { exposed: [exposed("tcp", "10.244.0.7", "10.244.0.8"), other], remote: [] };
    const { asked, lines } = await found("shop/web", services);
    assert.deepEqual(asked, ["10.244.0.7:8443", "10.244.0.8:8443"]);
    assert.deepEqual(lines, ["ok all 2 endpoints accept connections by TCP"]);
  });

  it("name each endpoint that refuses, or that the agent cannot reach", async () => {
    const services = {
      exposed: [exposed("tcp", "10.244.0.7", "10.244.0.8", "10.244.0.9")],
      remote: [],
    };
    const answers = { "10.244.0.7:8443": "refused", "10.244.0.9:8443": "none" } as const;
    const { lines } = await found("shop/web", services, answers);
    assert.deepEqual(lines, [
      "problem the endpoint 10.244.0.7:8443 refuses connections",
      "note the endpoint 10.244.0.9:8443 does not answer the agent",
    ]);
  });

  it("leave out workers, which may serve in the segment alone, and more than 16 endpoints", async () => {
    const inSegment = { address: address("10.0.2.20"), length: 24 };
    const worker = { underlay: address("10.244.0.1"), address: inSegment } as Worker;
    const texts = Array.from({ length: 20 }, (_, i) => `10.244.0.${i + 1}`);
    const services = { exposed: [exposed("tcp", ...texts)], remote: [] };
    const { asked, lines } = await found("shop/web", services, {}, [worker]);
    assert.equal(asked.length, 16);
    assert.ok(!asked.includes("10.244.0.1:8443"));
    assert.deepEqual(lines, ["ok all 16 tested ones of 20 endpoints accept connections by TCP"]);
    const alone = { exposed: [exposed("tcp", "10.244.0.1")], remote: [] };
    const skipped = await found("shop/web", alone, {}, [worker]);
    assert.match(skipped.lines.join(), /^skipped the endpoints are workers/);
  });

  it("are those of endpoints that the gateway reaches, once although two ports lead there", async () => {
    const dual = exposed("tcp", "10.244.0.7", "fd00::7");
    const services = { exposed: [dual, { ...dual, port: 80 }], remote: [] };
    const { asked, lines } = await found("shop/web", services, { "[fd00::7]:8443": "none" });
    assert.deepEqual(asked, ["10.244.0.7:8443"]);
    assert.deepEqual(lines, ["ok all 1 endpoints accept connections by TCP"]);
  });

  it("are those of the partner's hosts through the gateway's port", async () => {
    const services = { exposed: [], remote: [remote("10.1.2.7")] };
    const { asked, lines } = await found("shop/db", services);
    assert.deepEqual(asked, [ofGateway]);
    assert.deepEqual(lines, ["ok 10.1.2.7:8443 accepts connections by TCP"]);
    const refused = await found("shop/db", services, { [ofGateway]: "refused" });
    assert.deepEqual(refused.lines, ["problem 10.1.2.7:8443 refuses connections"]);
    const both = { exposed: [], remote: [remote("10.1.2.7", "10.1.2.8")] };
    const silent = await found("shop/db", both, { [ofGateway]: "none" });
    assert.deepEqual(silent.lines, ["problem one of 10.1.2.7:8443, 10.1.2.8:8443 does not answer"]);
    assert.match(silent.findings[0]?.hint ?? "", / --ping 10\.1\.2\.7$/);
  });

  it("are those of 16 ports that lead to the partner, and say how many are left", async () => {
    const ports = Array.from({ length: 20 }, (_, i) => {
      return { ...remote("10.1.2.7"), gatewayPort: 20_001 + i };
    });
    const { asked, lines } = await found("shop/db", { exposed: [], remote: ports });
    assert.equal(asked.length, 16);
    assert.equal(lines.at(-1), "skipped 4 more ports of the Service were not tested");
  });

  it("cannot be found by UDP", async () => {
    const services = { exposed: [exposed("udp", "10.244.0.7")], remote: [] };
    const { asked, lines } = await found("shop/web", services);
    assert.deepEqual(asked, []);
    assert.match(lines.join(), /^skipped the gateway forwards no TCP port/);
  });
});
