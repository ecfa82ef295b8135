import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, afterEach, before, describe, it } from "node:test";
import { applyPlan } from "../../src/adapters/netlink/apply-plan.ts";
import { addBridge, addVeth, changeLink, listLinks } from "../../src/adapters/netlink/links.ts";
import {
  createNamespace,
  deleteNamespace,
  netnsPath,
} from "../../src/adapters/netlink/namespace.ts";
import { Poller } from "../../src/adapters/netlink/poller.ts";
import { NetlinkSocket } from "../../src/adapters/netlink/socket.ts";
import { kernelStates, removeSas, removeStates, saNews } from "../../src/adapters/netlink/xfrm.ts";
import { parseAddress, type Address } from "../../src/model/address.ts";
import { memberName, type RulesMember } from "../../src/model/rules-plan.ts";
import type { NetworkPlan } from "../../src/model/network-plan.ts";
import { parsePrefix, type Prefix } from "../../src/model/prefix.ts";
import { closeSync, openSync } from "node:fs";
import { firstValueFrom, take, timeout, toArray } from "rxjs";

const address = (text: string) => parseAddress(text) as Address;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
const inGw = (...args: string[]) =>
  execFileSync("ip", ["netns", "exec", "gw", ...args], { encoding: "utf8" });

function member(source: string): RulesMember {
  const rules = [`ip saddr ${source} accept`];
  return { name: memberName(...rules), rules, elements: [{ set: "known", key: source }] };
}

const plan: NetworkPlan = {
  links: [
    { kind: "xfrm", name: "xfrm7", ifId: 7, mtu: 1400, underlying: undefined },
    {
      kind: "vxlan",
      name: "vxlan7",
      vni: 7,
      port: 7789,
      mac: "02:00:00:00:00:07",
      mtu: 1450,
      underlying: "eth0",
      local: address("198.18.0.2"),
      learning: false,
    },
  ],
  addresses: [
    { link: "xfrm7", prefix: prefix("10.0.2.1/24") },
    { link: "vxlan7", prefix: prefix("10.0.2.2/24") },
    { link: "vxlan7", prefix: prefix("fd00::2/64") },
  ],
  routes: [
    { link: "xfrm7", destination: prefix("10.0.1.0/24") },
    { link: "xfrm7", destination: prefix("fd01::/64") },
    { link: "xfrm7", destination: prefix("0.0.0.0/0") },
    {
      link: "vxlan7",
      destination: prefix("10.0.2.3/32"),
      gateway: address("10.0.2.9"),
      source: address("10.0.2.2"),
    },
  ],
  neighbours: [{ link: "vxlan7", address: address("10.0.2.3"), mac: "02:00:00:00:00:03" }],
  fdb: [
    { link: "vxlan7", mac: "02:00:00:00:00:03", vtep: address("198.18.0.3"), moves: false },
    { link: "vxlan7", mac: "02:00:00:00:00:04", vtep: address("198.18.0.4"), moves: true },
  ],
  forwarding: true,
  rules: {
    table: "ipman",
    frame: `
      set known { type ipv4_addr; }
      chain forward { type filter hook forward priority filter; policy accept; ip saddr @known accept; }
    `,
    sets: ["known"],
    members: [member("198.18.0.3"), member("198.18.0.4")],
  },
};

describe("a network plan on a real kernel", () => {
  before(() => {
    createNamespace("gw");
    using socket = NetlinkSocket.open(undefined);
    const fd = openSync(netnsPath("gw"), "r");
    socket.execute(addBridge("fabric", 9000));
    socket.execute(addVeth("port", 9000, { name: "eth0", namespaceFd: fd }));
    closeSync(fd);
    const links = listLinks(socket);
    const bridge = links.find((link) => link.name === "fabric");
    const port = links.find((link) => link.name === "port");
    assert.ok(bridge && port);
    socket.execute(changeLink(port, { up: true, master: bridge.index }));
    ip("-n", "gw", "link", "set", "eth0", "up");
  });
  after(() => deleteNamespace("gw"));

  const place = { namespace: netnsPath("gw") };

  it("is applied, and then there is nothing left to do", () => {
    assert.ok(applyPlan(place, plan).changes > 0);
    assert.equal(applyPlan(place, plan).changes, 0);
  });

  it("is what iproute2 and nft see", () => {
    const link = ip("-n", "gw", "-d", "link", "show", "xfrm7");
    assert.match(link, /mtu 1400/);
    assert.match(link, /if_id 0x7/);
    assert.match(link, /UP/);
    assert.match(
      ip("-n", "gw", "-d", "link", "show", "vxlan7"),
      /id 7 local 198\.18\.0\.2 dev eth0 .*dstport 7789 nolearning/,
    );
    assert.match(ip("-n", "gw", "addr", "show", "xfrm7"), /10\.0\.2\.1\/24/);
    const routes = ip("-n", "gw", "route");
    assert.match(routes, /default dev xfrm7/);
    assert.match(routes, /10\.0\.2\.3 via 10\.0\.2\.9 dev vxlan7 proto 105 src 10\.0\.2\.2 onlink/);
    assert.doesNotMatch(routes, /10\.0\.2\.0\/24/);
    assert.match(ip("-n", "gw", "-6", "route"), /fd01::\/64 dev xfrm7/);
    const fdb = inGw("bridge", "fdb", "show", "dev", "vxlan7");
    assert.match(fdb, /02:00:00:00:00:03 dst 198\.18\.0\.3 self permanent/);
    assert.match(fdb, /02:00:00:00:00:04 dst 198\.18\.0\.4 self extern_learn/);
    const table = inGw("nft", "list", "table", "inet", "ipman");
    assert.match(table, /chain member_[0-9a-f]{24} \{\s*ip saddr 198\.18\.0\.3 accept/);
    assert.match(table, /elements = \{ 198\.18\.0\.3, 198\.18\.0\.4 \}/);
  });

  for (const [what, breaking] of [
    ["the xfrm interface", ["link", "del", "xfrm7"]],
    ["the VXLAN device", ["link", "del", "vxlan7"]],
    ["an address", ["addr", "del", "10.0.2.1/24", "dev", "xfrm7"]],
    ["an address too many", ["addr", "add", "10.9.9.9/24", "dev", "vxlan7"]],
    ["a route", ["route", "del", "10.0.1.0/24"]],
    ["a route that was changed", ["route", "replace", "10.0.2.3", "dev", "vxlan7", "proto", "105"]],
    [
      "a neighbour",
      [
        "neigh",
        "replace",
        "10.0.2.3",
        "lladdr",
        "02:00:00:00:00:99",
        "dev",
        "vxlan7",
        "nud",
        "permanent",
      ],
    ],
    [
      "an FDB entry's absence",
      [
        "netns",
        "exec",
        "gw",
        "bridge",
        "fdb",
        "del",
        "02:00:00:00:00:04",
        "dst",
        "198.18.0.4",
        "dev",
        "vxlan7",
      ],
    ],
    ["its filter", ["netns", "exec", "gw", "nft", "flush", "ruleset"]],
    ["a rule", ["netns", "exec", "gw", "nft", "flush", "chain", "inet", "ipman", "forward"]],
    [
      "an element",
      ["netns", "exec", "gw", "nft", "delete element inet ipman known { 198.18.0.3 }"],
    ],
    [
      "an element too many",
      ["netns", "exec", "gw", "nft", "add element inet ipman known { 198.18.0.9 }"],
    ],
    ["a link that is down", ["link", "set", "xfrm7", "down"]],
    ["another MTU", ["link", "set", "vxlan7", "mtu", "1000"]],
  ] as const) {
    it(`heals ${what}`, () => {
      ip(...(breaking[0] === "netns" ? breaking : (["-n", "gw", ...breaking] as const)));
      applyPlan(place, plan);
      assert.equal(applyPlan(place, plan).changes, 0);
      assert.match(ip("-n", "gw", "link", "show", "xfrm7"), /UP/);
      assert.match(ip("-n", "gw", "route"), /10\.0\.1\.0\/24 dev xfrm7/);
      assert.match(ip("-n", "gw", "route"), /10\.0\.2\.3 via 10\.0\.2\.9 dev vxlan7/);
    });
  }

  it("makes an xfrm interface anew when another device is to be below it", () => {
    const below = (underlying: string | undefined): NetworkPlan => ({
      ...plan,
      links: plan.links.map((link) => (link.kind === "xfrm" ? { ...link, underlying } : link)),
    });
    applyPlan(place, below("port"));
    using socket = NetlinkSocket.open(undefined);
    const port = listLinks(socket).find((link) => link.name === "port");
    assert.match(ip("-n", "gw", "-d", "link", "show", "xfrm7"), new RegExp(`@if${port?.index}:`));
    assert.equal(applyPlan(place, below("port")).changes, 0);
    assert.throws(() => applyPlan(place, below("nowhere")), /find device nowhere for xfrm7/);
    applyPlan(place, plan);
    assert.doesNotMatch(ip("-n", "gw", "-d", "link", "show", "xfrm7"), /@if/);
  });

  it("hears that an SA's lifetime is over, and what it carried when it goes", async () => {
    await using poller = new Poller();
    const news = saNews(poller, netnsPath("gw"));
    const heard = firstValueFrom(news.pipe(take(2), toArray(), timeout(10_000)));
    const key = `0x${"11".repeat(20)}`;
    const sa = ["src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "7"];
    const limit = ["limit", "time-soft", "1", "limit", "time-hard", "60"];
    const algorithm = ["aead", "rfc4106(gcm(aes))", key, "128"];
    ip("-n", "gw", "xfrm", "state", "add", ...sa, "mode", "tunnel", ...algorithm, ...limit);
    await firstValueFrom(news.pipe(timeout(10_000)));
    ip("-n", "gw", "xfrm", "state", "delete", ...sa);
    assert.deepEqual(await heard, [
      { type: "sa.expired" },
      { type: "sa.deleted", end: { spi: "00000007", bytes: 0, packets: 0 } },
    ]);
  });

  describe("SAs and policies by their if_id", () => {
    const key = ["aead", "rfc4106(gcm(aes))", `0x${"11".repeat(20)}`, "128"];
    const ends = ["src", "192.0.2.1", "dst", "192.0.2.2"];
    const addSa = (spi: number, ifId: number) =>
      ip(
        ...["-n", "gw", "xfrm", "state", "add", ...ends, "proto", "esp", "spi", String(spi)],
        ...["reqid", "5", "mode", "tunnel", ...key, "if_id", String(ifId)],
      );
    const setPolicy = (how: "add" | "update", reqid: number) =>
      ip(
        ...["-n", "gw", "xfrm", "policy", how, "src", "10.0.2.0/24", "dst", "10.0.1.0/24"],
        ...["dir", "out", "if_id", "7", "tmpl", ...ends, "proto", "esp"],
        ...["reqid", String(reqid), "mode", "tunnel"],
      );
    const seen = (...ifIds: number[]) =>
      kernelStates(place.namespace, new Set(ifIds)).map(
        ({ kind, ifId, reqid, spi }) => `${kind} ${ifId} ${reqid} ${spi}`,
      );

    afterEach(() => {
      for (const what of ["state", "policy"]) ip("-n", "gw", "xfrm", what, "flush");
    });

    it("are read with SPI and reqid", () => {
      addSa(7, 7);
      // As large as charon's are.
      addSa(3_221_225_472, 8);
      setPolicy("add", 9);
      assert.deepEqual(seen(7), ["sa 7 5 7", "policy 7 9 0"]);
      assert.deepEqual(seen(8), ["sa 8 5 3221225472"]);
    });

    it("are removed one by one, unless another took the place of a policy meanwhile", () => {
      addSa(7, 7);
      addSa(8, 7);
      setPolicy("add", 9);
      const listed = kernelStates(place.namespace, new Set([7]));
      const first = listed.find(({ spi }) => spi === 7);
      assert.equal(removeStates(place.namespace, first === undefined ? [] : [first]), 1);
      assert.deepEqual(seen(7), ["sa 7 5 8", "policy 7 9 0"]);
      setPolicy("update", 10);
      assert.equal(removeStates(place.namespace, listed), 1);
      assert.deepEqual(seen(7), ["policy 7 10 0"]);
    });

    it("are removed all at once, and no others", () => {
      addSa(7, 7);
      addSa(8, 8);
      setPolicy("add", 9);
      assert.equal(removeSas(place.namespace, new Set([7])), 2);
      assert.deepEqual(seen(7, 8), ["sa 8 5 8"]);
    });
  });

  it("says in the kernel's words what it refused", () => {
    const wrong = {
      ...plan,
      routes: [
        { link: "vxlan7", destination: prefix("10.5.0.0/16"), source: address("10.77.0.1") },
      ],
    };
    assert.throws(() => applyPlan(place, wrong), {
      name: "NetlinkError",
      code: "EINVAL",
      op: "set route 10.5.0.0/16",
    });
    applyPlan(place, plan);
  });
});
