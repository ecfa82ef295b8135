import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isInRange } from "../../../src/model/charon/proposals/charon-version.ts";
import { block } from "../../sites/peer-firewall.ts";
import { eventually } from "../../sites/shell.ts";
import { childOf, messageOf, StandbySites } from "./standby-sites.ts";

/** Longer than charon takes to end an IKE SA. */
const settleMs = 700;

describe("an IKE SA without a CHILD SA", () => {
  const resources = new AsyncDisposableStack();
  let sites: StandbySites;
  /** Whether charon ends those of a connection that is loaded or unloaded. */
  let endsByLoad: boolean;

  before(async () => {
    sites = resources.use(await StandbySites.build());
    endsByLoad = isInRange(sites.lab.node.version, { since: "6.0.0" });
  });
  after(() => resources.disposeAsync());

  const children = { net: childOf("net"), other: childOf("other") };

  /** Commands about a connection, by the words of a title. */
  const loads: Record<string, (name: string) => Promise<void>> = {
    "an identical load": (name) => sites.node.request("load-conn", { [name]: messageOf(name) }),
    "a load with a changed child": (name) =>
      sites.node.request("load-conn", {
        [name]: messageOf(name, {
          children: { ...children, net: childOf("net", { life_time: "2h" }) },
        }),
      }),
    "a load with another child": (name) =>
      sites.node.request("load-conn", {
        [name]: messageOf(name, { children: { ...children, third: childOf("net") } }),
      }),
    "a load with a changed IKE configuration": (name) =>
      sites.node.request("load-conn", { [name]: messageOf(name, { rekey_time: "3h" }) }),
    "its unload": (name) => sites.node.request("unload-conn", { name }),
  };

  for (const [title, load] of Object.entries(loads)) {
    it(`is ended by ${title} since charon 6.0`, async () => {
      const name = title.replaceAll(" ", "-");
      const id = await sites.standby(name);
      await load(name);
      if (endsByLoad) {
        await sites.node.settles(name, []);
        await sites.peer.settles(name, []);
        assert.match(sites.lab.node.log, new RegExp(`vici closing IKE_SA '${name}' #${id}`));
      } else {
        await pause(settleMs);
        assert.deepEqual(await sites.node.settles(name, [[]]), [id]);
      }
    });
  }

  it("stays while another connection is loaded and unloaded", async () => {
    const id = await sites.standby("stays");
    await sites.load("comes");
    await sites.node.request("unload-conn", { name: "comes" });
    await pause(settleMs);
    assert.deepEqual(await sites.node.settles("stays", [[]]), [id]);
  });

  it("stays during a load that finds its CHILD SA", async () => {
    const id = await sites.standby("active");
    await sites.node.initiate("active", "net");
    await sites.node.settles("active", [["net"]]);
    await sites.node.request("load-conn", { active: messageOf("active", { rekey_time: "3h" }) });
    await pause(settleMs);
    assert.deepEqual(await sites.node.settles("active", [["net"]]), [id]);
  });

  it("stays during a load while the request for its CHILD SA is under way", async () => {
    const id = await sites.standby("requesting");
    const unblock = block("udp dport 4500");
    try {
      await sites.node.initiate("requesting", "net");
      await sites.node.logs("requesting", /^generating CREATE_CHILD_SA request/m);
      await sites.node.request("load-conn", { requesting: messageOf("requesting") });
    } finally {
      unblock();
    }
    assert.deepEqual(await sites.node.settles("requesting", [["net"]]), [id]);
  });

  it("is ended by a load while it is being established since charon 6.0", async () => {
    await sites.load("connecting");
    const unblock = block("udp dport 500");
    try {
      await sites.node.initiate("connecting");
      await sites.node.logs("connecting", /^generating IKE_SA_INIT request/m);
      await sites.node.request("load-conn", { connecting: messageOf("connecting") });
      if (endsByLoad)
        await eventually(async () => assert.deepEqual(await sites.node.sas("connecting"), []));
    } finally {
      unblock();
    }
    if (!endsByLoad) await sites.node.settles("connecting", [[]]);
  });

  it("stays during a load that starts a changed child on it", async () => {
    const id = await sites.standby("starting");
    const net = childOf("net", { start_action: "start" });
    await sites.node.request("load-conn", {
      starting: messageOf("starting", { children: { ...children, net } }),
    });
    assert.deepEqual(await sites.node.settles("starting", [["net"]]), [id]);
  });

  it("carries the children of another connection that equals its own but for its name", async () => {
    const id = await sites.standby("anchor");
    const load = (rekey: string) =>
      sites.node.request("load-conn", {
        harbour: messageOf("anchor", {
          children: { net: childOf("net", { rekey_time: rekey }) },
        }),
      });
    await load("1h");
    await load("2h");
    await pause(settleMs);
    assert.deepEqual(await sites.node.settles("anchor", [[]]), [id]);
    await sites.node.initiate("harbour", "net");
    assert.deepEqual(await sites.node.settles("anchor", [["net"]]), [id]);
    assert.deepEqual(await sites.node.sas("harbour"), []);
    await sites.node.request("unload-conn", { name: "harbour" });
  });

  it("is rekeyed and stays without a CHILD SA", async () => {
    const id = await sites.standby("rekeyed");
    await sites.node.request("rekey", { ike: "rekeyed" });
    const next = await eventually(async () => {
      const ids = Object.keys(await sites.node.up("rekeyed"));
      assert.equal(ids.length, 1);
      assert.notEqual(ids[0], id);
      return ids[0] ?? "";
    });
    await pause(settleMs);
    assert.deepEqual(await sites.node.settles("rekeyed", [[]]), [next]);
    await sites.peer.settles("rekeyed", [[]]);
  });

  it("is not reauthenticated, and stays until its lifetime ends", async () => {
    const id = await sites.standby("reauthenticated", {
      node: { reauth_time: "2s", over_time: "2s", rand_time: "0s" },
    });
    await sites.node.logs("reauthenticated", /^reauthenticating IKE_SA reauthenticated\[/m);
    // charon logs it for the IKE SA that it does not establish.
    await eventually(() =>
      assert.match(sites.lab.node.log, /unable to reauthenticate IKE_SA, no CHILD_SA to recreate/),
    );
    assert.deepEqual(Object.keys(await sites.node.up("reauthenticated")), [id]);
    await sites.node.settles("reauthenticated", []);
    await pause(settleMs);
    await sites.node.settles("reauthenticated", []);
    await sites.peer.settles("reauthenticated", []);
  });

  it("stays when its CHILD SA ends because it is idle", async () => {
    const net = childOf("net", { inactivity: "1s", close_action: "none" });
    const id = await sites.standby("idle", { node: { children: { net } } });
    await sites.node.initiate("idle", "net");
    await sites.node.settles("idle", [["net"]]);
    await sites.node.logs("idle", /^deleting CHILD_SA after 1 seconds of inactivity$/m);
    assert.deepEqual(await sites.node.settles("idle", [[]]), [id]);
    await sites.peer.settles("idle", [[]]);
  });

  it("stays while the peer answers, and ends with no successor when the peer is lost", async () => {
    const net = childOf("net", { dpd_action: "restart", close_action: "start" });
    const id = await sites.standby("lost", { node: { dpd_delay: "1s", children: { net } } });
    await eventually(() => assert.ok(sites.node.sent("INFORMATIONAL", "lost") >= 2));
    assert.deepEqual(await sites.node.settles("lost", [[]]), [id]);
    sites.lab.peer.signal("SIGSTOP");
    try {
      await sites.node.logs("lost", /^giving up after 2 retransmits$/m);
      await sites.node.settles("lost", []);
      await pause(settleMs);
      assert.deepEqual(await sites.node.sas("lost"), []);
    } finally {
      sites.lab.peer.signal("SIGCONT");
    }
    assert.match(sites.node.failures("lost").at(-1) ?? "", /^PeerUnreachable: /);
  });
});
