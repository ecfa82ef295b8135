import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { networkRules } from "./network-rules.ts";

const network = (text: string) => parsePrefix(text) as Prefix;
const pair = (actual: string, seen: string) => ({ actual: network(actual), seen: network(seen) });
const rules = networkRules({
  family: 4,
  xfrms: '"xfrm102"',
  nat: {
    local: [pair("10.0.5.0/24", "192.168.77.0/24")],
    remote: [pair("10.0.2.0/24", "172.31.2.0/24"), pair("172.31.2.0/24", "172.31.3.0/24")],
  },
});
const rulesOf = (name: string) =>
  new RegExp(`chain ${name} \\{\\n([^]*?)\\n  \\}`)
    .exec(rules)?.[1]
    ?.split(/\n? {4}/)
    .slice(1);

describe("the translation of networks", () => {
  it("replaces each address of a packet from the partner once, before anything else", () => {
    const [hook, ...jumps] = rulesOf("inward") ?? [];
    assert.equal(hook, "type filter hook prerouting priority raw; policy accept;");
    assert.deepEqual(jumps.slice(-2), [
      'iifname "xfrm102" jump inward_saddr',
      'iifname "xfrm102" jump inward_daddr',
    ]);
    assert.deepEqual(rulesOf("inward_daddr"), [
      'ip daddr 192.168.77.0/24 counter name "nat/source/10.0.5.0/24/as/192.168.77.0/24/inbound" ip daddr set ip daddr & 0.0.0.255 | 10.0.5.0 return',
    ]);
  });

  it("drops packets of the partner whose sources are addresses that other hosts have inside", () => {
    // The first rule that applies ends: an actual network may be seen of another.
    assert.deepEqual(rulesOf("inward_saddr"), [
      'ip saddr 10.0.2.0/24 counter name "nat/remote/10.0.2.0/24/as/172.31.2.0/24/inbound" ip saddr set ip saddr & 0.0.0.255 | 172.31.2.0 return',
      'ip saddr 172.31.2.0/24 counter name "nat/remote/172.31.2.0/24/as/172.31.3.0/24/inbound" ip saddr set ip saddr & 0.0.0.255 | 172.31.3.0 return',
      "ip saddr 172.31.2.0/24 drop",
      "ip saddr 172.31.3.0/24 drop",
    ]);
  });

  it("replaces them last in packets to the partner, after the sources of connections", () => {
    assert.equal(
      rulesOf("outward")?.[0],
      "type filter hook postrouting priority srcnat + 10; policy accept;",
    );
    assert.deepEqual(rulesOf("outward_saddr"), [
      'ip saddr 10.0.5.0/24 counter name "nat/source/10.0.5.0/24/as/192.168.77.0/24/outbound" ip saddr set ip saddr & 0.0.0.255 | 192.168.77.0 return',
    ]);
  });

  it("replaces the addresses of the packet that an error quotes, which went the other way", () => {
    assert.deepEqual(rulesOf("inward_quoted_saddr"), [
      "@th,160,24 == 0xc0a84d goto inward_quoted_saddr_0",
    ]);
    const [set, ...corrections] = rulesOf("inward_quoted_saddr_0") ?? [];
    assert.equal(set, "@th,160,24 set 0xa0005");
    assert.ok(corrections.length > 0 && corrections.every((rule) => /^jump add_\d+$/.test(rule)));
    assert.deepEqual(rulesOf("outward_quoted_daddr"), [
      "@th,192,24 == 0xa0005 goto outward_quoted_daddr_0",
    ]);
  });

  it("replaces the addresses of errors about packets that were translated already", () => {
    assert.deepEqual(
      rulesOf("reports")?.map((rule) => rule.replace(/^oifname .* jump /, "")),
      [
        "type route hook output priority raw; policy accept;",
        "inward_quoted_saddr",
        "inward_daddr",
        "inward_quoted_daddr",
      ],
    );
  });
});
