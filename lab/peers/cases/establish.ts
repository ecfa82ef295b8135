import assert from "node:assert/strict";
import { block } from "../../sites/peer-firewall.ts";
import { eventually } from "../../sites/shell.ts";
import type { Cases } from "./case.ts";
import type { PeerSite } from "../peer-site.ts";
import { tunnelOf, type Tunnel } from "../tunnel.ts";
import { settlesUnderPings } from "./under-pings.ts";

/** The tunnel that further cases break. */
export const first = tunnelOf("first", 2);

const answered = tunnelOf("answered", 3);
const both = tunnelOf("both", 4);
const gcm = tunnelOf("gcm", 18, {
  esp: { encryption: "aes256gcm16", integrity: undefined, group: "ecp256" },
});
const sha256 = tunnelOf("sha256", 16, {
  esp: { encryption: "aes256", integrity: "sha256", group: "ecp256" },
});

async function carries(site: PeerSite, tunnel: Tunnel): Promise<void> {
  await site.up(tunnel);
  site.carries(tunnel);
  await site.remove(tunnel);
}

export const establish = {
  "node-initiates": async (site) => {
    await site.up(first);
    site.carries(first);
  },

  "peer-initiates": async (site) => {
    await site.peer.load(answered);
    site.declare(answered, { waits: true });
    await site.loaded(answered);
    await site.peer.initiate(answered);
    await site.ready(answered);
    site.attach(answered);
    site.carries(answered);
    await site.remove(answered);
  },

  "both-initiate": async (site) => {
    await site.peer.load(both);
    // The first message of each side crosses that of the other.
    const unblock = block("udp dport 500");
    try {
      site.declare(both);
      await eventually(() => assert.match(site.node.log, /initiating IKE_SA both/));
      await site.peer.initiate(both);
    } finally {
      unblock();
    }
    await site.ready(both);
    site.attach(both);
    await settlesUnderPings(site, both);
    await site.remove(both);
  },

  "esp-gcm": (site) => carries(site, gcm),

  "esp-sha256": (site) => carries(site, sha256),
} satisfies Cases;
