import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../net/address.ts";
import { noServices, type ChildServices, type ExposedPort } from "./child-services.ts";
import { translationRules, type TranslationFacts } from "./translation-rules.ts";

const address = (text: string) => parseAddress(text) as Address;
const backend = (text: string, port = 8080) => ({ address: address(text), port });
const web: ExposedPort = {
  service: "shop/web",
  address: address("10.0.2.60"),
  transport: "tcp",
  port: 443,
  affinity: false,
  backends: [backend("10.244.0.5"), backend("10.244.0.6")],
};
const database = {
  service: "shop/database",
  transport: "tcp",
  gatewayPort: 20_001,
  source: address("10.0.2.70"),
  backends: [backend("10.0.1.7", 5432)],
} as const;

const planned = (services: Partial<ChildServices>, changes: Partial<TranslationFacts> = {}) =>
  translationRules({
    services: { ...noServices, ...services },
    gateway: address("10.0.2.1"),
    own: [address("10.244.0.1")],
    device: "eth0",
    xfrms: '"xfrm102"',
    vxlanPort: 7789,
    mtu: 1_400,
    // The worker 10.0.2.10 has the pod address 10.244.0.5.
    inSegment: (pod) =>
      pod.value === address("10.244.0.5").value ? address("10.0.2.10") : undefined,
    ...changes,
  });

const chainOf = (services: Partial<ChildServices>, key: string, changes = {}) =>
  planned(services, changes)?.members.find(({ elements }) => elements[0]?.key === key);

describe("the translation of a gateway", () => {
  it("is absent without Services, so that no connection is tracked", () => {
    assert.equal(planned({}), undefined);
  });

  it("sends connections to workers in the segment, and to other pods on the pod network", () => {
    const member = chainOf({ exposed: [web] }, "10.0.2.60 . tcp . 443");
    const [rule = ""] = member?.rules ?? [];
    assert.match(rule, /^meta l4proto tcp dnat ip to jhash ip saddr \. th sport mod 251 seed 0x/);
    const targets = new Set(Array.from(rule.matchAll(/\d+ : (\S+ \. \d+)/g), ([, to]) => to));
    assert.deepEqual(targets, new Set(["10.0.2.10 . 8080", "10.244.0.6 . 8080"]));
  });

  it("chooses by the client alone if one client's connections belong together", () => {
    const member = chainOf({ exposed: [{ ...web, affinity: true }] }, "10.0.2.60 . tcp . 443");
    assert.match(member?.rules[0] ?? "", /to jhash ip saddr mod 251/);
  });

  it("translates to a single backend without a hash", () => {
    const single = { ...web, backends: [backend("10.244.0.6")] };
    const member = chainOf({ exposed: [single] }, "10.0.2.60 . tcp . 443");
    assert.deepEqual(member?.rules, ["meta l4proto tcp dnat ip to 10.244.0.6:8080"]);
  });

  it("sends to a worker once although both addresses of its pod are listed", () => {
    const twice = { ...web, backends: [backend("10.244.0.5"), backend("fd00::5")] };
    const inSegment = () => address("10.0.2.10");
    const member = chainOf({ exposed: [twice] }, "10.0.2.60 . tcp . 443", { inSegment });
    assert.deepEqual(member?.rules, ["meta l4proto tcp dnat ip to 10.0.2.10:8080"]);
  });

  it("knows the answers of workers whose connections began at another gateway", () => {
    const twice = { ...web, service: "shop/more", port: 444 };
    const rules = planned({ exposed: [web, twice] });
    const answers = rules?.members.flatMap(({ elements }) =>
      elements.filter(({ set }) => set === "answers"),
    );
    // A key has one value.
    assert.deepEqual(answers, [
      { set: "answers", key: "10.0.2.10 . 8080", value: "10.0.2.60 . 443" },
    ]);
  });

  it("refuses a port without backends, and answers echo requests to the address", () => {
    const empty = { ...web, backends: [] };
    const rules = planned({ exposed: [empty] });
    const members = rules?.members.filter(({ counter }) => counter === undefined) ?? [];
    assert.equal(members.length, 1);
    const [{ rules: chain, elements }] = members as [(typeof members)[0]];
    assert.deepEqual(chain, ["dnat ip to 10.0.2.1"]);
    assert.deepEqual(
      elements.map(({ set, key }) => `${set} ${key}`),
      ["echoes 10.0.2.60", "shown 10.0.2.60"],
    );
    assert.ok(rules?.forward.includes('iifname "xfrm102" ip daddr @shown goto refuse'));
  });

  it("lets the partner answer workers through a gateway that does not know the connection", () => {
    const { forward = [], frame = "" } = planned({ exposed: [web] }) ?? {};
    assert.deepEqual(
      forward.filter((rule) => rule.includes("invalid")),
      ['oifname "xfrm102" ct state invalid drop'],
    );
    // Packets to a Service are not reset, since they may be of a connection that lives.
    assert.match(frame, /chain refuse \{\n    ct state invalid drop\n/);
  });

  it("limits the segments that pods send to the partner to those that fit the tunnel", () => {
    const clamp = (changes: Partial<TranslationFacts>) =>
      planned({ exposed: [web] }, changes)?.forward.find((rule) => rule.includes("maxseg"));
    assert.match(clamp({}) ?? "", /iifname "xfrm102" oifname "eth0" .* maxseg size set 1360$/);
    assert.match(clamp({ gateway: address("fd10:2::1") }) ?? "", / maxseg size set 1340$/);
  });

  it("leads a port of the gateway to the partner, from an address of the child", () => {
    const member = chainOf({ remote: [database] }, "tcp . 20001");
    const mark = "0x00064e21";
    assert.deepEqual(member?.rules, [
      `meta mark set ${mark}`,
      "meta l4proto tcp dnat ip to 10.0.1.7:5432",
    ]);
    assert.deepEqual(member.elements[1], { set: "sources", key: mark, value: "10.0.2.70" });
    assert.match(
      planned({ remote: [database] })?.frame ?? "",
      /iifname "eth0" ip daddr 10\.244\.0\.1 meta l4proto \. th dport vmap @remotes/,
    );
  });

  it("chooses sources by the device that packets leave by, which every kernel compares there", () => {
    const { frame = "" } = planned({ exposed: [web], remote: [database] }) ?? {};
    const departures = /chain departures \{([^}]*)\}/.exec(frame)?.[1] ?? "";
    assert.match(departures, /oifname "xfrm102" ct status dnat snat ip to meta mark map @sources/);
    assert.doesNotMatch(departures, /iifname/);
  });

  it("uses addresses of the child's family", () => {
    const six = {
      ...web,
      address: address("fd10:2::60"),
      backends: [backend("fd44::6"), backend("10.244.0.6")],
    };
    const facts = { gateway: address("fd10:2::1"), inSegment: () => undefined };
    const member = chainOf({ exposed: [six] }, "fd10:2::60 . tcp . 443", facts);
    assert.deepEqual(member?.rules, ["meta l4proto tcp dnat ip6 to [fd44::6]:8080"]);
  });

  it("has other chains if the backends of a port change, with the same keys", () => {
    const changed = { ...web, backends: [backend("10.244.0.7")] };
    const [before, after] = [web, changed].map((port) =>
      chainOf({ exposed: [port] }, "10.0.2.60 . tcp . 443"),
    );
    assert.notEqual(before?.name, after?.name);
    assert.equal(before?.elements[0]?.key, after?.elements[0]?.key);
    assert.equal(after?.isSwapped, true);
  });
});

describe("source addresses that workers share", () => {
  const nat = (first: string, last = first) => ({
    nat: {
      addresses: { first: address(first), last: address(last) },
      local: [],
      remote: [],
    },
  });
  const hold = { device: "hold102", leaving: '{ "xfrm102", "hold102" }' };

  it("replace those of workers and of the gateway, also in packets that have to wait", () => {
    const rules = planned({}, { ...nat("10.0.2.50"), hold });
    const { frame = "", forward, sets } = rules ?? {};
    assert.match(
      frame,
      /oifname \{ "xfrm102", "hold102" \} ip saddr @addresses snat ip to 10\.0\.2\.50\n/,
    );
    assert.match(frame, /oifname "xfrm102" ip saddr 10\.0\.2\.1 snat ip to 10\.0\.2\.50\n/);
    // A packet that waited is translated: it would get another port.
    assert.match(frame, /iifname "hold102" notrack\n/);
    assert.deepEqual(forward, [
      'oifname { "xfrm102", "hold102" } ct state invalid drop',
      'iifname "hold102" oifname "xfrm102" accept',
    ]);
    assert.deepEqual(sets, []);
    assert.doesNotMatch(frame, /@exposed|refuse/);
  });

  it("replace those of datagrams to the segment's port as well", () => {
    const { frame = "" } = planned({}, nat("10.0.2.50")) ?? {};
    const untracked = frame.split("\n").filter((rule) => rule.includes("notrack"));
    assert.deepEqual(
      untracked.map((rule) => rule.trim()),
      ['iifname "eth0" udp dport 7789 notrack', 'oifname "eth0" udp dport 7789 notrack'],
    );
  });

  it("may be a range, of which each worker keeps one", () => {
    const { frame = "" } = planned({}, nat("10.0.2.50", "10.0.2.53")) ?? {};
    assert.match(frame, /snat ip to 10\.0\.2\.50-10\.0\.2\.53 persistent\n/);
  });

  it("are the sources of remote Services as well", () => {
    const { frame = "" } = planned({ remote: [database] }, nat("10.0.2.50")) ?? {};
    assert.match(frame, /oifname "xfrm102" ct status dnat snat ip to 10\.0\.2\.50\n/);
  });
});
