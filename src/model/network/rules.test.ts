import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../net/address.ts";
import { gatewayRules, type GatewayRulesFacts } from "./gateway-rules.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { amendTable, frameMark, replaceTable } from "../rules/rules-plan.ts";
import { noServices } from "../translation/child-services.ts";
import { workerRules } from "./worker-rules.ts";

const address = (text: string) => parseAddress(text) as Address;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const secrets = {
  mac: "02:00:00:00:00:03",
  gatewayMac: "02:00:00:00:00:01",
  seeds: [1, 2, 3, 4, 5, 6, 7, 8],
};
const worker = { ...secrets, address: prefix("10.0.2.3/24"), underlay: address("10.244.0.2") };

const facts: GatewayRulesFacts = {
  child: { ifId: 102, vxlanIp: prefix("10.0.2.2/24"), xfrmIp: prefix("10.0.2.1/24") },
  gateway: { device: "eth0", underlay: address("10.244.0.1") },
  workers: [worker],
  services: noServices,
  vxlanPort: 7789,
  mtu: 1_400,
  hold: undefined,
  xfrms: ["xfrm102"],
  vxlan: "vxlan102",
};

describe("a gateway's packet filter", () => {
  it("binds a worker's outer address, VNI, MAC addresses, EtherType and inner address", () => {
    const [member] = gatewayRules(facts).members;
    assert.deepEqual(member?.rules, [
      // VNI 102, a zero byte, the gateway's MAC address, the worker's.
      "@th,96,128 0x00006600020000000001020000000003 @th,224,16 0x0800 @th,336,32 0x0a000203 accept",
    ]);
    assert.deepEqual(member.elements, [
      { set: "workers", key: "10.244.0.2", value: `jump ${member.name}` },
      { set: "addresses", key: "10.0.2.3" },
      { set: "senders", key: "02:00:00:00:00:03 . 10.0.2.3" },
    ]);
  });

  it("binds MAC address and source of each decapsulated packet", () => {
    const { frame } = gatewayRules(facts);
    assert.match(frame, /hook prerouting priority raw; policy accept;\n +iifname "vxlan102" goto/);
    assert.match(frame, /ether saddr \. ip saddr @senders accept\n +counter name refused drop/);
  });

  it("does the same for IPv6 in a segment over IPv6", () => {
    const six = { ...worker, address: prefix("fd00:2::3/64"), underlay: address("fd44::2") };
    const plan = gatewayRules({
      ...facts,
      child: { ifId: 102, vxlanIp: prefix("fd00:2::2/64"), xfrmIp: prefix("fd00:2::1/64") },
      gateway: { device: "eth0", underlay: address("fd44::1") },
      workers: [six],
    });
    assert.match(plan.members[0]?.rules[0] ?? "", / @th,224,16 0x86dd @th,304,128 0xfd00000200/);
    assert.match(plan.frame, /map workers \{ type ipv6_addr : verdict; \}/);
    assert.match(plan.frame, /oifname "xfrm102" ip6 saddr @addresses accept/);
  });

  it("has one chain for two workers with the same outer address", () => {
    const other = { ...worker, mac: "02:00:00:00:00:04", address: prefix("10.0.2.4/24") };
    const plan = gatewayRules({ ...facts, workers: [worker, other] });
    assert.equal(plan.members.length, 1);
    assert.equal(plan.members[0]?.rules.length, 2);
    assert.deepEqual(
      plan.members[0]?.elements.map(({ key }) => key),
      [
        "10.244.0.2",
        "10.0.2.3",
        "10.0.2.4",
        "02:00:00:00:00:03 . 10.0.2.3",
        "02:00:00:00:00:04 . 10.0.2.4",
      ],
    );
  });

  it("keeps its frame and a worker's chain when other workers are added", () => {
    const alone = gatewayRules(facts);
    const other = { ...worker, address: prefix("10.0.2.4/24"), underlay: address("10.244.0.3") };
    const both = gatewayRules({ ...facts, workers: [other, worker] });
    assert.equal(frameMark(both), frameMark(alone));
    assert.deepEqual(both.members[1], alone.members[0]);
    const moved = gatewayRules({ ...facts, workers: [{ ...worker, underlay: other.underlay }] });
    assert.notEqual(moved.members[0]?.name, alone.members[0]?.name);
  });
});

describe("a worker's packet filter", () => {
  const plan = workerRules({
    worker,
    gateway: address("10.244.0.1"),
    ifId: 102,
    vxlanPort: 7789,
    vxlan: "vxlan102",
  });

  it("accepts frames with the right MAC addresses from the gateway's known address", () => {
    assert.match(plan.frame, /elements = \{ 10\.244\.0\.1 \}/);
    assert.match(plan.frame, /@th,96,128 0x00006600020000000003020000000001 goto gateway/);
  });

  it("accepts the sending addresses of several gateways beside the common one", () => {
    const several = {
      ifId: 102,
      vxlanPort: 7789,
      vxlan: "vxlan102",
      severalGateways: true,
    } as const;
    const rules = workerRules({ worker, gateway: address("10.244.0.1"), ...several });
    const chain = /chain frames \{([^}]*)\}/.exec(rules.frame)?.[1] ?? "";
    assert.deepEqual(chain.trim().split(/\n +/), [
      "@th,96,128 0x00006600020000000003020000000001 goto gateway",
      // The first four bytes of a source that begins as the common address does not.
      "@th,96,112 0x00006600020000000003020000ff goto gateway",
      "counter name refused drop",
    ]);
  });

  it("accepts an announcement that has every proof", () => {
    const line = plan.frame.split("\n").find((text) => text.includes("0x88b5")) ?? "";
    const proofs = line.match(/jhash ip saddr \. @th,(\d+),32 mod 256 seed (\d+) 0/g) ?? [];
    assert.equal(proofs.length, secrets.seeds.length);
    assert.match(line, /@th,240,32 mod 256 seed 1 0 .* @th,464,32 mod 256 seed 8 0 update/);
  });

  it("accepts packets to the worker's address from any segment, and from nowhere else", () => {
    assert.match(
      plan.frame,
      /iifname != "lo" iifname != "vxlan\*" ip daddr 10\.0\.2\.3 counter name refused drop/,
    );
  });

  it("accepts a first fragment only if it shows another port", () => {
    assert.match(plan.frame, /frag frag-off 0 jump fragments\n +udp dport 7789 @th/);
    const chain = /chain fragments \{([^}]*)\}/.exec(plan.frame)?.[1] ?? "";
    assert.deepEqual(chain.trim().split(/\n +/), [
      "meta l4proto != 17 return",
      "udp dport != 7789 return",
      "counter name refused drop",
    ]);
  });

  it("accepts no unproven address of the gateway while another one is proven", () => {
    const chain = /chain gateway \{([^]*?)\n {2}\}/.exec(plan.frame)?.[1] ?? "";
    const rules = chain.trim().split(/\n +/);
    assert.match(
      rules[0] ?? "",
      /update @proven \{ ip saddr \} update @proving \{ meta nfproto \}/,
    );
    assert.deepEqual(rules.slice(1), [
      "ip saddr @proven update @gateways { ip saddr } accept",
      "meta nfproto @proving counter name refused drop",
      "ip saddr @gateways update @gateways { ip saddr } accept",
      "counter name refused drop",
    ]);
  });

  it("is a separate table for each segment", () => {
    assert.equal(plan.table, "ipman_vxlan102");
    assert.deepEqual([plan.sets, plan.members], [[], []]);
  });
});

describe("a table in nft's language", () => {
  const plan = {
    table: "t",
    frame: "set s { type ipv4_addr; }",
    sets: ["s"],
    members: [{ name: "m1", rules: ["accept"], elements: [{ set: "s", key: "10.0.0.1" }] }],
  };

  it("is replaced in one transaction that does not depend on an existing table", () => {
    assert.equal(
      replaceTable(plan),
      `table inet t
delete table inet t
table inet t {
comment "${frameMark(plan)}"
chain m1 { accept; }
set s { type ipv4_addr; }
}
add element inet t s { 10.0.0.1 }`,
    );
  });

  it("has the family that its plan names", () => {
    const text = replaceTable({ ...plan, family: "netdev", members: [] });
    assert.match(text, /^table netdev t\ndelete table netdev t\ntable netdev t \{/);
  });

  it("is amended by the members that were added and removed", () => {
    const came = [{ name: "m2", rules: ["a", "b"], elements: [{ set: "s", key: "10.0.0.2" }] }];
    assert.equal(
      amendTable("t", came, plan.members),
      `delete element inet t s { 10.0.0.1 }
flush chain inet t m1
delete chain inet t m1
table inet t {
chain m2 { a; b; }
}
add element inet t s { 10.0.0.2 }`,
    );
    assert.match(amendTable("t", [], plan.members), /^delete element [^]*delete chain inet t m1$/);
  });
});
