import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import { printedIdentities } from "../../src/model/identity/identity.fixture.ts";

const child = (changes: object) => ({ children: { "child-2": childSpec(2, changes) } });
const childExtra = (extra: Record<string, string>) => child({ extra });

/** Changes of a connection that charon may print in another form than they are written. */
const changes: readonly (readonly [title: string, change: object])[] = [
  ["the walk-through's connection", {}],
  ...printedIdentities.map(
    ([remoteId]) => [`remoteId ${remoteId}`, { remoteId: remoteId }] as const,
  ),
  ["localId @vpn.example.org", { localId: "@vpn.example.org" }],
  ["localId %any", { localId: "%any" }],
  ["an address in another spelling", { remoteAddr: "FD00:1:0::2", localAddr: "fd00:1::1" }],
  ["a name as address", { remoteAddr: "VPN.Example.org", localAddr: "%any" }],
  ["two networks", child({ remote_ips: ["10.1.2.0/24", "10.7.0.0/16"] })],
  ["a network within another one", child({ remote_ips: ["10.0.0.0/8", "10.20.0.0/16"] })],
  ["a network around an earlier one", child({ remote_ips: ["10.20.0.0/16", "10.0.0.0/8"] })],
  ["a network twice", child({ remote_ips: ["10.7.0.0/16", "10.7.0.0/16"] })],
  ["a single host", child({ remote_ips: ["10.7.0.1/32"] })],
  ["no networks", child({ local_ips: [], remote_ips: [] })],
  ["every network", child({ local_ips: ["0.0.0.0/0"], remote_ips: ["0.0.0.0/0"] })],
  [
    "IPv6 in another spelling",
    child({
      local_ips: ["FD00:A0:0::/64"],
      remote_ips: ["fd00:00a1::/64", "::/0"],
      xfrm_ip: "fd00:a0::1/64",
      vxlan_ip: "fd00:a0::2/64",
      ip_pools: { primary: ["fd00:a0::3-fd00:a0::9/64"] },
    }),
  ],
  ["no lifetimes", { extra: {} }],
  ["a reauthentication", { extra: { reauth_time: "1d" } }],
  ["no rekeying", { extra: { rekey_time: "0" } }],
  ["unique never", { extra: { unique: "never" } }],
  ["unique replace", { extra: { unique: "replace" } }],
  ["no dead peer detection", { extra: { dpd_delay: "0" } }],
  ["a timeout of dead peer detection", { extra: { dpd_delay: "30s", dpd_timeout: "2m" } }],
  ["a child's rekeying by time", childExtra({ rekey_time: "90m" })],
  ["a child's rekeying by bytes", childExtra({ rekey_bytes: "2g" })],
  ["a child's rekeying by packets", childExtra({ rekey_packets: "1000000" })],
  ["a child's actions", childExtra({ dpd_action: "restart", close_action: "start" })],
  ["a trap", childExtra({ start_action: "trap" })],
  ["ciphers with built-in integrity", { extra: { proposals: "aes256gcm16-prfsha384-ecp384" } }],
  ["several IKE proposals", { extra: { proposals: "aes256-sha256-x25519, aes-sha1-modp2048" } }],
  ["an ESP proposal without a group", childExtra({ esp_proposals: "aes256gcm16" })],
  ["two children", { children: { "child-2": childSpec(2), "child-3": childSpec(3) } }],
];

/** Connections whose lists the simulator must print like charon. */
export const listedConnections = changes.map(([title, change]) => ({
  title,
  manifest: connectionSpec("one", change),
}));
