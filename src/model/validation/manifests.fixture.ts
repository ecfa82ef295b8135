import { floatingCases } from "./paths/floating-manifests.fixture.ts";
import { natCases } from "./nat/nat-manifests.fixture.ts";
import { pathCases } from "./paths/path-manifests.fixture.ts";

/** Invalid manifests with the paths of their problems, for every validation. */

/** The walk-through's manifest. */
export const manifest = () => ({
  apiVersion: "ipman.dialo.ai/v1",
  kind: "IPSecConnection",
  metadata: { name: "example-connection", namespace: "ipman-system" },
  spec: {
    name: "example",
    remoteAddr: "192.168.1.2",
    localAddr: "192.168.1.1",
    localId: "192.168.1.1",
    remoteId: "192.168.1.2",
    secretRef: { name: "ipsec-secret", namespace: "default", key: "example" },
    children: {
      "example-child": {
        name: "example-child",
        extra: {
          esp_proposals: "aes256-sha256-ecp256",
          start_action: "start",
          dpd_action: "restart",
        },
        local_ips: ["10.0.2.0/24"],
        remote_ips: ["10.0.1.0/24"],
        xfrm_ip: "10.0.2.1/24",
        vxlan_ip: "10.0.2.2/24",
        if_id: 102,
        ip_pools: { primary: ["10.0.2.3/24", "10.0.2.4/24"] },
      },
    },
    nodeName: "your-node-name",
  },
});

export type Manifest = ReturnType<typeof manifest>;
export type Children = Record<string, Manifest["spec"]["children"]["example-child"]>;

export const child = (cr: Manifest) => cr.spec.children["example-child"];
const extra = (cr: Manifest) => child(cr).extra as Record<string, string>;
export const at = (rest: string) => `spec.children.example-child${rest}`;

/** Declares remote selectors and routes. */
const routed = (cr: Manifest, remote_ips: string[], ...routes: string[]) =>
  Object.assign(child(cr), { remote_ips, routes });

const probed = (cr: Manifest, probe: object) => Object.assign(child(cr), { probe });

/** Changes with their titles, and the paths of the problems that they cause. */
export const manifestCases: readonly [string, (cr: Manifest) => void, string[]][] = [
  ["an invalid remote address", (cr) => (cr.spec.remoteAddr = "300.1.1.1"), ["spec.remoteAddr"]],
  ["two remote addresses", (cr) => (cr.spec.remoteAddr = "10.0.0.1,10.0.0.2"), ["spec.remoteAddr"]],
  ["a peer without a fixed address", (cr) => (cr.spec.remoteAddr = "%any"), []],
  ["a network as remote address", (cr) => (cr.spec.remoteAddr = "10.0.0.0/24"), []],
  [
    "a trap for a peer without a fixed address",
    (cr) => {
      cr.spec.remoteAddr = "%any";
      extra(cr)["start_action"] = "trap";
    },
    [at(".extra.start_action")],
  ],
  ["a localId of raw bytes", (cr) => (cr.spec.localId = "ipv4:192.0.2.1"), ["spec.localId"]],
  ["a remoteId of malformed digits", (cr) => (cr.spec.remoteId = "@#0x1"), ["spec.remoteId"]],
  ["a DNS name for the peer", (cr) => (cr.spec.remoteAddr = "vpn.example.org"), []],
  [
    "a local address of the other family",
    (cr) => (cr.spec.localAddr = "fd00::1"),
    ["spec.localAddr"],
  ],
  ["an empty local address", (cr) => (cr.spec.localAddr = ""), []],
  ["%any as local address", (cr) => (cr.spec.localAddr = "%any"), []],
  ["an invalid local address", (cr) => (cr.spec.localAddr = "eth0"), ["spec.localAddr"]],
  ["an unknown field", (cr) => Object.assign(cr.spec, { remoteAdr: "x" }), ["spec.remoteAdr"]],
  ["an unknown field of a child", (cr) => Object.assign(child(cr), { ifid: 1 }), [at(".ifid")]],
  [
    "a missing field",
    (cr) => delete (cr.spec as Partial<Manifest["spec"]>).localId,
    ["spec.localId"],
  ],
  ["if_id 0", (cr) => (child(cr).if_id = 0), [at(".if_id")]],
  ["an if_id that is not a VNI", (cr) => (child(cr).if_id = 2 ** 24), [at(".if_id")]],
  [
    "nodeName beside groupRef",
    (cr) => Object.assign(cr.spec, { groupRef: { name: "g", namespace: "n" } }),
    ["spec.nodeName"],
  ],
  ["a prefix out of range", (cr) => (child(cr).xfrm_ip = "10.0.2.1/33"), [at(".xfrm_ip")]],
  [
    "a selector with host bits",
    (cr) => (child(cr).remote_ips = ["10.0.1.1/24"]),
    [at(".remote_ips[0]")],
  ],
  ...["10.0.1.0/24[tcp/443]", "dynamic", "10.0.1.1-10.0.1.9"].map(
    (text): [string, (cr: Manifest) => void, string[]] => [
      `the selector ${text}`,
      (cr) => (child(cr).remote_ips = [text]),
      [at(".remote_ips[0]")],
    ],
  ),
  [
    "a selector of the other family",
    (cr) => (child(cr).remote_ips = ["fd00::/64"]),
    [at(".remote_ips[0]")],
  ],
  [
    "routes in remote_ips",
    (cr) => routed(cr, ["0.0.0.0/0"], "10.0.1.0/24", "10.0.0.0/8", "0.0.0.0/0"),
    [],
  ],
  [
    "a route that two remote selectors contain together",
    (cr) => routed(cr, ["10.128.0.0/9", "10.0.0.0/9"], "10.0.0.0/8"),
    [],
  ],
  ["a child without routes", (cr) => routed(cr, ["0.0.0.0/0"]), []],
  [
    "routes outside remote_ips",
    (cr) => routed(cr, ["10.0.1.0/24"], "10.0.0.0/23", "10.0.1.0/25", "10.9.0.0/16"),
    [at(".routes[0]"), at(".routes[2]")],
  ],
  ["a route with host bits", (cr) => routed(cr, ["0.0.0.0/0"], "10.0.1.1/24"), [at(".routes[0]")]],
  ["a route of the other family", (cr) => routed(cr, ["0.0.0.0/0"], "::/0"), [at(".routes[0]")]],
  ["a route that is not a network", (cr) => routed(cr, ["0.0.0.0/0"], "any"), [at(".routes[0]")]],
  [
    "routes to the gateway's own addresses",
    (cr) => routed(cr, ["0.0.0.0/0"], "10.0.2.1/32", "10.0.2.2/32", "10.0.2.3/32"),
    [at(".routes[0]"), at(".routes[1]")],
  ],
  ["routes without remote_ips", (cr) => routed(cr, [], "10.0.1.0/24"), [at(".routes")]],
  ["a CHILD SA for each pair", (cr) => Object.assign(child(cr), { selectorMode: "perPair" }), []],
  [
    "an unknown selectorMode",
    (cr) => Object.assign(child(cr), { selectorMode: "each" }),
    [at(".selectorMode")],
  ],
  [
    "too many pairs",
    (cr) => {
      Object.assign(child(cr), { selectorMode: "perPair" });
      child(cr).local_ips = ["10.0.2.0/24", "10.0.3.0/24"];
      child(cr).remote_ips = Array.from({ length: 33 }, (_, i) => `10.1.${i}.0/24`);
    },
    [at(".selectorMode")],
  ],
  ["equal gateway addresses", (cr) => (child(cr).vxlan_ip = "10.0.2.1/24"), [at(".vxlan_ip")]],
  ["a probe behind the peer", (cr) => probed(cr, { address: "10.0.1.7" }), []],
  [
    "a probe outside remote_ips",
    (cr) => probed(cr, { address: "10.9.0.1" }),
    [at(".probe.address")],
  ],
  ["a probe of an invalid address", (cr) => probed(cr, { address: "web" }), [at(".probe.address")]],
  [
    "a probe without an interval",
    (cr) => probed(cr, { address: "10.0.1.7", intervalSeconds: 0 }),
    [at(".probe.intervalSeconds")],
  ],
  [
    "a probe from outside local_ips",
    (cr) => {
      probed(cr, { address: "10.0.1.7" });
      child(cr).xfrm_ip = "10.5.2.1/24";
    },
    [at(".probe")],
  ],
  [
    "a pool address outside the network",
    (cr) => (child(cr).ip_pools.primary = ["10.0.9.3/24"]),
    [at(".ip_pools.primary[0]"), at(".ip_pools.primary[0]")],
  ],
  [
    "a pool with the gateway's address",
    (cr) => (child(cr).ip_pools.primary = ["10.0.2.1-10.0.2.9/24"]),
    [at(".ip_pools.primary[0]"), at(".ip_pools.primary[0]")],
  ],
  [
    "a pool with the broadcast address",
    (cr) => (child(cr).ip_pools.primary = ["10.0.2.255/24"]),
    [at(".ip_pools.primary[0]")],
  ],
  [
    "an address in two pools",
    (cr) => Object.assign(child(cr).ip_pools, { second: ["10.0.2.4-10.0.2.5/24"] }),
    [at(".ip_pools.second[0]")],
  ],
  [
    "an invalid pool entry",
    (cr) => (child(cr).ip_pools.primary = ["10.0.2.3..5"]),
    [at(".ip_pools.primary[0]")],
  ],
  [
    "proposals that do not parse",
    (cr) => Object.assign(cr.spec, { extra: { proposals: "aes257-sha256-ecp256" } }),
    ["spec.extra.proposals"],
  ],
  [
    "an IKE proposal without a group",
    (cr) => Object.assign(cr.spec, { extra: { proposals: "aes256-sha256" } }),
    ["spec.extra.proposals"],
  ],
  ["an ESP proposal without a group", (cr) => (extra(cr)["esp_proposals"] = "aes256-sha256"), []],
  [
    "several proposals",
    (cr) => (extra(cr)["esp_proposals"] = "aes256gcm16-ecp256, aes256-sha256"),
    [],
  ],
  ["an invalid duration", (cr) => (extra(cr)["rekey_time"] = "4 hours"), [at(".extra.rekey_time")]],
  ["if_id_in in extra", (cr) => (extra(cr)["if_id_in"] = "7"), [at(".extra.if_id_in")]],
  ["updown in extra", (cr) => (extra(cr)["updown"] = "/bin/sh"), [at(".extra.updown")]],
  ["Updown in extra", (cr) => (extra(cr)["Updown"] = "/bin/sh"), [at(".extra.Updown")]],
  ["UPDOWN in extra", (cr) => (extra(cr)["UPDOWN"] = "/bin/sh"), [at(".extra.UPDOWN")]],
  [
    "an option that charon would cut to updown",
    (cr) => (extra(cr)["updown\0x"] = "/bin/sh"),
    [at(".extra.updown\0x")],
  ],
  ["an option with a blank", (cr) => (extra(cr)[" updown"] = "/bin/sh"), [at(".extra. updown")]],
  ["Reqid in extra", (cr) => (extra(cr)["Reqid"] = "7"), [at(".extra.Reqid")]],
  ["Policies: no", (cr) => (extra(cr)["Policies"] = "no"), [at(".extra.Policies")]],
  [
    "one option in two spellings",
    (cr) => Object.assign(extra(cr), { rekey_time: "1h", Rekey_Time: "2h" }),
    [at(".extra.rekey_time")],
  ],
  [
    "Version and IF_ID_IN of a connection",
    (cr) => Object.assign(cr.spec, { extra: { Version: "1", IF_ID_IN: "5", Aggressive: "maybe" } }),
    ["spec.extra.Aggressive", "spec.extra.IF_ID_IN", "spec.extra.Version"],
  ],
  [
    "an option of the connection in a child, and one of ipsec.conf",
    (cr) => Object.assign(extra(cr), { dpd_delay: "30s", keylife: "1h" }),
    [at(".extra.dpd_delay"), at(".extra.keylife")],
  ],
  [
    "marks, virtual addresses and a lifetime that ends before the rekey",
    (cr) => {
      Object.assign(cr.spec, { extra: { vips: "0.0.0.0" } });
      Object.assign(extra(cr), { mark_in: "42", mark_out: "42" });
      (cr.spec.children as Children)["second"] = {
        ...child(cr),
        name: "second",
        if_id: 103,
        remote_ips: ["10.9.0.0/16"],
        extra: { life_time: "1h", rekey_time: "1h" } as never,
      };
    },
    [
      "spec.extra.vips",
      at(".extra.mark_in"),
      at(".extra.mark_out"),
      "spec.children.second.extra.life_time",
    ],
  ],
  [
    "charon's own words for an action, and a group of Brainpool",
    (cr) =>
      Object.assign(extra(cr), { dpd_action: "start", esp_proposals: "aes256gcm16-ecp512bp" }),
    [],
  ],
  ["an option in another spelling", (cr) => (extra(cr)["Life_Time"] = "2h"), []],
  ["an option that charon may know", (cr) => (extra(cr)["hw_offload"] = "auto"), []],
  [
    "a number instead of a string",
    (cr) => Object.assign(extra(cr), { rekey_time: 3600 }),
    [at(".extra.rekey_time")],
  ],
  ...pathCases,
  ...natCases,
  ...floatingCases,
  [
    "a name that is not a Kubernetes name",
    (cr) => (cr.metadata.name = "Not_A_Name"),
    ["metadata.name"],
  ],
  [
    "a child's key that is not a label value",
    (cr) => {
      (cr.spec.children as Children) = { "a b": child(cr) } as Children;
    },
    ["spec.children.a b"],
  ],
  [
    "an if_id used twice, and overlapping selectors",
    (cr) => {
      (cr.spec.children as Children)["second"] = { ...child(cr), name: "second" };
    },
    ["spec.children.second.if_id", "spec.children.second.remote_ips"],
  ],
  [
    "a name that is another child's key",
    (cr) => {
      (cr.spec.children as Children)["second"] = {
        ...child(cr),
        if_id: 103,
        name: "example-child",
        remote_ips: ["10.9.0.0/16"],
      };
    },
    ["spec.children.second.name"],
  ],
];
