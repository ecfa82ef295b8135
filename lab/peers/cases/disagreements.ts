import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Reason } from "../../../src/model/status/failure.ts";
import type { Cases, Run } from "./case.ts";
import { tunnelOf, type Tunnel } from "../tunnel.ts";

const bin = join(import.meta.dirname, "../../../bin/ipman");

/** A tunnel whose two sides differ: its status names the reason. */
function refused(tunnel: Tunnel, reason: keyof typeof Reason, atPeer: Partial<Tunnel>): Run {
  return async (site) => {
    await site.peer.load({ ...tunnel, ...atPeer });
    site.declare(tunnel);
    await site.ipman.reason(tunnel.name, reason);
    await site.remove(tunnel);
  };
}

const key = tunnelOf("key", 6);
const identity = tunnelOf("identity", 7);
const ike = tunnelOf("ike", 8);
const esp = tunnelOf("esp", 9);
const networks = tunnelOf("networks", 10);
const pfs = tunnelOf("pfs", 11);
const other = { encryption: "aes128", integrity: "sha512", group: "ecp256" } as const;

export const disagreements = {
  "wrong-key": refused(key, "AuthenticationFailed", { key: "another-pre-shared-key" }),

  "wrong-identity": refused(identity, "AuthenticationFailed", {
    node: { ...identity.node, id: "other.identity" },
  }),

  "no-ike-proposal": refused(ike, "NoProposalChosen", { ike: other }),

  "no-esp-proposal": refused(esp, "NoProposalChosen", { esp: other }),

  "networks-refused": refused(networks, "TrafficSelectorsRefused", {
    peer: { ...networks.peer, networks: ["10.99.0.0/24"] },
  }),

  "pfs-differs": async (site) => {
    // The first CHILD SA has the key exchange of its IKE SA: only a rekey has its own.
    await site.up(pfs, { esp: { ...pfs.esp, group: undefined } });
    const { status, stdout } = spawnSync(bin, ["rekey", pfs.name], { encoding: "utf8" });
    assert.match(stdout, /was not rekeyed: NoProposalChosen: /);
    assert.equal(status, 1);
    site.carries(pfs);
    await site.ready(pfs);
    await site.remove(pfs);
  },
} satisfies Cases;
