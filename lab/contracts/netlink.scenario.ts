import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { removeLink } from "../../src/adapters/network/apply-links.ts";
import { applyPlan, driftOf } from "../../src/adapters/network/apply-plan.ts";
import { addBridge, addVeth, changeLink } from "../../src/adapters/netlink/link-requests.ts";
import { listLinks } from "../../src/adapters/netlink/links.ts";
import {
  createNamespace,
  deleteNamespace,
  HeldNamespace,
  inNamespace,
  netnsPath,
} from "../../src/adapters/linux/namespace.ts";
import { monitor } from "../../src/adapters/netlink/monitor.ts";
import { EchoSocket } from "../../src/adapters/icmp/echo-socket.ts";
import type { DescriptorWatcher } from "../../src/adapters/linux/poller.ts";
import { sendFrames } from "../../src/adapters/linux/send-frames.ts";
import { NetlinkSocket } from "../../src/adapters/netlink/socket.ts";
import { libnftables } from "../../src/adapters/nftables/libnftables.ts";
import { parseAddress, type Address } from "../../src/model/net/address.ts";
import { memberName, type RulesMember } from "../../src/model/rules/rules-plan.ts";
import type { NetworkPlan } from "../../src/model/network/network-plan.ts";
import { parsePrefix, type Prefix } from "../../src/model/net/prefix.ts";
import { closeSync, openSync, readdirSync, readlinkSync } from "node:fs";

const address = (text: string) => parseAddress(text) as Address;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const target = address("10.0.1.1");
const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
const inGw = (...args: string[]) =>
  execFileSync("ip", ["netns", "exec", "gw", ...args], { encoding: "utf8" });

/** Lists the links and packet filters of this process's own namespace. */
function listHere(): string[] {
  return [ip("link"), execFileSync("nft", ["list", "ruleset"], { encoding: "utf8" })];
}

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

  it("is applied, and a second pass changes nothing", () => {
    assert.ok(applyPlan(place, plan).changes > 0);
    assert.equal(applyPlan(place, plan).changes, 0);
  });

  it("is visible to iproute2 and nft", () => {
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

  for (const [damage, command] of [
    ["the xfrm interface", ["link", "del", "xfrm7"]],
    ["the VXLAN device", ["link", "del", "vxlan7"]],
    ["an address", ["addr", "del", "10.0.2.1/24", "dev", "xfrm7"]],
    ["a superfluous address", ["addr", "add", "10.9.9.9/24", "dev", "vxlan7"]],
    ["a route", ["route", "del", "10.0.1.0/24"]],
    [
      "a route with another gateway",
      ["route", "replace", "10.0.2.3", "dev", "vxlan7", "proto", "105"],
    ],
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
      "a missing FDB entry",
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
    ["a flushed ruleset", ["netns", "exec", "gw", "nft", "flush", "ruleset"]],
    [
      "a flushed chain",
      ["netns", "exec", "gw", "nft", "flush", "chain", "inet", "ipman", "forward"],
    ],
    [
      "a missing element",
      ["netns", "exec", "gw", "nft", "delete element inet ipman known { 198.18.0.3 }"],
    ],
    [
      "a superfluous element",
      ["netns", "exec", "gw", "nft", "add element inet ipman known { 198.18.0.9 }"],
    ],
    ["a link that is down", ["link", "set", "xfrm7", "down"]],
    ["another MTU", ["link", "set", "vxlan7", "mtu", "1000"]],
  ] as const) {
    it(`repairs ${damage}`, () => {
      ip(...(command[0] === "netns" ? command : (["-n", "gw", ...command] as const)));
      applyPlan(place, plan);
      assert.equal(applyPlan(place, plan).changes, 0);
      assert.match(ip("-n", "gw", "link", "show", "xfrm7"), /UP/);
      assert.match(ip("-n", "gw", "route"), /10\.0\.1\.0\/24 dev xfrm7/);
      assert.match(ip("-n", "gw", "route"), /10\.0\.2\.3 via 10\.0\.2\.9 dev vxlan7/);
    });
  }

  it("recreates an xfrm interface when another device is planned below it", () => {
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

  it("reports the error in the message that ends a dump", () => {
    using socket = NetlinkSocket.open(place.namespace);
    // Links cannot be filtered by an index in the header of struct ifinfomsg.
    assert.throws(() => socket.dump("list links", (writer) => writer.begin(18, 0, 16).u32(4, 5)), {
      name: "NetlinkError",
      code: "EINVAL",
      message: /list links: EINVAL \(.+link dumps\)/,
    });
    assert.ok(listLinks(socket).length > 0, "the socket works afterwards");
  });

  it("does not reach another namespace by the path of one that is no longer held", () => {
    const namespaceOf = (path: string) =>
      inNamespace(path, () => readlinkSync("/proc/thread-self/ns/net"));
    const held = new HeldNamespace(place.namespace);
    assert.equal(namespaceOf(held.path), namespaceOf(place.namespace));
    held[Symbol.dispose]();
    // The number of its descriptor is used again.
    using next = new HeldNamespace("/proc/self/ns/net");
    const gone = { name: "NetlinkError", code: "ENOENT", message: /its pod ended/ };
    const there = { namespace: held.path };
    const before = listHere();
    assert.throws(() => namespaceOf(held.path), gone);
    assert.throws(() => applyPlan(there, plan), gone);
    assert.throws(() => driftOf(held.path, plan), gone);
    assert.throws(() => removeLink(held.path, "lo"), gone);
    assert.throws(() => libnftables.run("filter", held.path, "table inet ipman"), gone);
    assert.throws(() => sendFrames(held.path, "vxlan7", [Buffer.alloc(60)]), gone);
    assert.deepEqual(listHere(), before);
    held[Symbol.dispose]();
    assert.notEqual(namespaceOf(next.path), namespaceOf(place.namespace));
  });

  it("leaks no descriptor if a descriptor cannot be watched or a namespace cannot be entered", () => {
    const refusing: DescriptorWatcher = {
      watch: () => {
        throw new Error("no further descriptor can be watched");
      },
    };
    const attempts: (() => unknown)[] = [
      () => monitor(refusing, place.namespace).subscribe({ error: () => {} }),
      () => monitor(refusing, "/run/netns/absent").subscribe({ error: () => {} }),
      () => monitor(refusing, place.namespace, [4_096]).subscribe({ error: () => {} }),
      () => new EchoSocket(refusing, { namespace: place.namespace, target }, () => {}),
      () => new EchoSocket(refusing, { namespace: "/run/netns/absent", target }, () => {}),
      () => createNamespace("gw"),
      () => NetlinkSocket.open("/run/netns/absent"),
    ];
    const openFiles = () => readdirSync("/proc/self/fd").length;
    const before = openFiles();
    for (const attempt of attempts) {
      try {
        attempt();
      } catch {
        // Only the number of open descriptors matters.
      }
      assert.equal(openFiles(), before, attempt.toString());
    }
    assert.equal(inGw("true"), "", "a namespace whose name is taken stays");
  });

  it("reports a refusal with its operation and the kernel's error", () => {
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
