import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../net/address.ts";
import { noServices, type ExposedPort } from "./child-services.ts";
import {
  countedServices,
  countingChains,
  countingMembers,
  type CountingFacts,
} from "./counting-rules.ts";

const address = (text: string) => parseAddress(text) as Address;
const web: ExposedPort = {
  service: "shop/web",
  address: address("10.0.2.60"),
  transport: "tcp",
  port: 443,
  affinity: false,
  backends: [{ address: address("10.244.0.5"), port: 8080 }],
};
const database = {
  service: "shop/database",
  transport: "tcp",
  gatewayPort: 20_001,
  source: address("10.0.2.70"),
  backends: [{ address: address("10.0.1.7"), port: 5432 }],
} as const;
const facts: CountingFacts = {
  services: { exposed: [web, { ...web, port: 80 }], remote: [database] },
  gateway: address("10.0.2.1"),
  own: [address("10.244.0.1")],
  device: "eth0",
  xfrms: '"xfrm102"',
  inSegment: () => undefined,
};
const membersOf = (changes: Partial<CountingFacts> = {}) =>
  countingMembers(countedServices({ ...facts, ...changes }));
const textsOf = (members: ReturnType<typeof membersOf>) =>
  members.map(({ counter, elements }) => [
    counter,
    ...elements.map(({ set, key }) => `${set} ${key}`),
  ]);
const rulesIn = (frame: string, name: string) =>
  new RegExp(`chain ${name} \\{\\n([^]*?)\\n  \\}`)
    .exec(frame)?.[1]
    ?.split("\n")
    .map((line) => line.trim());

describe("the counting of Services", () => {
  it("has a counter of each Service and direction, for all of its ports", () => {
    const ports = ["10.0.2.60 . tcp . 443", "10.0.2.60 . tcp . 80"];
    assert.deepEqual(textsOf(membersOf()), [
      ["service/shop/web/inbound", ...ports.map((key) => `arriving ${key}`)],
      ["service/shop/web/outbound", ...ports.map((key) => `leaving ${key}`)],
      // A pod sends to a port of the gateway what goes to the partner.
      ["service/shop/database/outbound", "arriving 10.244.0.1 . tcp . 20001"],
      ["service/shop/database/inbound", "leaving 10.244.0.1 . tcp . 20001"],
    ]);
  });

  it("is the same whatever endpoints a Service has", () => {
    const exposed = facts.services.exposed.map((port) => ({ ...port, backends: [] }));
    assert.deepEqual(membersOf({ services: { ...facts.services, exposed } }), membersOf());
  });

  it("knows the endpoints of the port that has the fewest, without those out of reach", () => {
    const endpoints = (...backends: ExposedPort["backends"][]) => {
      const exposed = backends.map((some, i) => ({ ...web, port: i + 1, backends: some }));
      const [service] = countedServices({ ...facts, services: { exposed, remote: [] } });
      return service?.endpoints;
    };
    const six = { address: address("fd00::5"), port: 8080 };
    assert.equal(endpoints([...web.backends]), 1);
    assert.equal(endpoints([...web.backends], []), 0);
    assert.equal(endpoints([six]), 0);
    const [, remote] = countedServices(facts);
    assert.equal(remote?.endpoints, undefined);
  });

  it("leaves out remote Services while the gateway has no address of the child's family", () => {
    const own = [address("fd44::1")];
    assert.deepEqual(
      countedServices({ ...facts, own }).map(({ name }) => name),
      ["shop/web"],
    );
  });

  it("counts what the partner sends before the destination is translated, and answers after the source is", () => {
    const frame = countingChains(facts, true);
    assert.deepEqual(rulesIn(frame, "count_arrivals"), [
      "type filter hook prerouting priority mangle; policy accept;",
      'iifname "xfrm102" ip daddr @shown ip daddr . meta l4proto . th dport vmap @arriving',
      'iifname "eth0" ct direction original ip daddr 10.244.0.1 ip daddr . meta l4proto . th dport vmap @arriving',
    ]);
    assert.deepEqual(rulesIn(frame, "count_departures"), [
      "type filter hook postrouting priority srcnat + 5; policy accept;",
      'oifname "xfrm102" ip saddr @shown ip saddr . meta l4proto . th sport vmap @leaving',
      'oifname "eth0" ct direction reply ip saddr 10.244.0.1 ip saddr . meta l4proto . th sport vmap @leaving',
    ]);
  });

  it("names counters of Services with names that nft does not accept by other ones", () => {
    const [inbound] = membersOf({
      services: { ...noServices, exposed: [{ ...web, service: 'shop/web"; }' }] },
    });
    assert.match(inbound?.counter ?? "", /^service\/[0-9a-f]{64}\/inbound$/);
  });
});

describe("the counting of addresses that workers share", () => {
  it("counts the packets that have one of them at the tunnel", () => {
    const shared = { first: address("10.0.2.50"), last: address("10.0.2.53") };
    const frame = countingChains({ ...facts, nat: { addresses: shared } }, false);
    assert.deepEqual(rulesIn(frame, "count_arrivals")?.slice(1), [
      'iifname "xfrm102" ip daddr 10.0.2.50-10.0.2.53 counter name "nat/source/10.0.2.50-10.0.2.53/inbound"',
    ]);
    assert.deepEqual(rulesIn(frame, "count_departures")?.slice(1), [
      'oifname "xfrm102" ip saddr 10.0.2.50-10.0.2.53 counter name "nat/source/10.0.2.50-10.0.2.53/outbound"',
    ]);
  });

  it("has names that nft accepts for IPv6", () => {
    const shared = { first: address("fd10::5"), last: address("fd10::5") };
    const gateway = address("fd10::1");
    const frame = countingChains({ ...facts, gateway, nat: { addresses: shared } }, false);
    assert.match(frame, /ip6 daddr fd10::5 counter name "nat\/source\/fd10--5\/inbound"/);
  });
});
