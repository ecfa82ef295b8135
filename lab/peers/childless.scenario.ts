import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Message } from "vici-client";
import { messageFromConnection } from "../../src/model/charon/vici-message.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { eventually, ip } from "../sites/shell.ts";
import { libreswan4, libreswan5 } from "./daemons/libreswan.ts";
import { openiked72, openiked74 } from "./daemons/openiked.ts";
import { strongswan60, strongswan61 } from "./daemons/strongswan.ts";
import { PeerSite, type UpSas } from "./peer-site.ts";
import { childKey, manifestOf, tunnelOf } from "./tunnel.ts";

/** The daemons that announce in IKE_SA_INIT to accept an IKE SA without a CHILD SA (RFC 6023). */
const announcing = [strongswan60, strongswan61, libreswan4, libreswan5];
/** The daemons that accept one all the same. Their IKE_AUTH response has an SA payload. */
const silent = [openiked72, openiked74];

const tunnel = tunnelOf("standby", 2);
/** Longer than a peer takes to install a CHILD SA. */
const installMs = 500;

describe("an IKE SA without a CHILD SA", () => {
  for (const implementation of [...announcing, ...silent]) {
    it(`is established and kept by ${implementation.root}`, async () => {
      await using site = await PeerSite.build(implementation);
      await load(site);
      await site.command("initiate", { ike: tunnel.name, timeout: "-1" });
      const [, init = ""] = await logged(site, /parsed IKE_SA_INIT response 0 (\[.*\])/);
      await logged(site, /IKE_SA standby\[1\] established/);
      assert.equal(init.includes("N(CHDLESS_SUP)"), announcing.includes(implementation));
      const [, auth = ""] = await logged(site, /parsed IKE_AUTH response 1 (\[.*\])/);
      assert.equal(auth.includes(" SA TSi TSr "), silent.includes(implementation));
      await pause(installMs);
      assert.equal(ip("-n peer xfrm state list nokeys"), "");
      const ike = (await site.sas(tunnel)).ike;
      assert.equal(ike.length, 1);

      await initiateChild(site);
      const { children, ...up } = await sasWithChild(site);
      assert.deepEqual(up.ike, ike);
      const answers = answersIn(site);
      await site.command("terminate", { "child-id": children[0] ?? "", timeout: "2000" });
      // The response to DELETE, and those to two requests of DPD.
      await eventually(() => assert.ok(answersIn(site) >= answers + 3));
      assert.deepEqual(await site.sas(tunnel), { ike, children: [], others: [] });

      await initiateChild(site);
      assert.deepEqual((await sasWithChild(site)).ike, ike);
    });
  }
});

/** The number of responses of the peer to INFORMATIONAL requests. */
function answersIn(site: PeerSite): number {
  return site.node.log.match(/parsed INFORMATIONAL response/g)?.length ?? 0;
}

/** Loads the tunnel into both daemons. */
async function load(site: PeerSite): Promise<void> {
  await site.peer.load(tunnel);
  const parsed = connectionFromCr(manifestOf(tunnel));
  assert.ok(parsed.ok);
  const owners = [tunnel.peer.id];
  await site.command("load-shared", { id: tunnel.name, type: "IKE", data: tunnel.key, owners });
  await site.command("load-conn", messageFromConnection(parsed.value) as Message);
}

async function initiateChild(site: PeerSite): Promise<void> {
  await site.command("initiate", { ike: tunnel.name, child: childKey(tunnel), timeout: "-1" });
  await sasWithChild(site);
}

/** Waits until the tunnel has a CHILD SA. */
function sasWithChild(site: PeerSite): Promise<UpSas> {
  return eventually(async () => {
    const sas = await site.sas(tunnel);
    assert.equal(sas.children.length, 1, JSON.stringify(sas));
    return sas;
  });
}

/** Waits for a line of charon's log. */
function logged(site: PeerSite, pattern: RegExp): Promise<RegExpExecArray> {
  return eventually(() => {
    const found = pattern.exec(site.node.log);
    assert.ok(found, site.node.log);
    return found;
  });
}
