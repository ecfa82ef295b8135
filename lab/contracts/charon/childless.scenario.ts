import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { hasAlerts } from "../../../src/adapters/vici/alert.ts";
import { isInRange } from "../../../src/model/charon/proposals/charon-version.ts";
import { eventually } from "../../sites/shell.ts";
import { StandbySites } from "./standby-sites.ts";

/** The peer chooses by its address which announcement is in IKE_SA_INIT, before it has identities. */
const refusing = "192.168.1.3";

/** A connection whose peer neither announces nor accepts an IKE SA without a CHILD SA. */
const refusedBy = (childless: string) => ({
  node: { childless, remote_addrs: [refusing] },
  peer: { childless: "never", local_addrs: [refusing] },
});

/** Longer than charon takes to send the first request of an IKE SA. */
const settleMs = 300;

const refusal =
  "ProtocolError: the peer could not process a message of charon: it calls the message malformed";
const unsupported =
  "ConfigRejected: `childless` does not suit the peer: peer does not support childless IKE_SA initiation";
const notChildless =
  "ConfigRejected: `childless` does not suit the peer: peer did not initiate a childless IKE_SA";

describe("an IKE SA without a CHILD SA", () => {
  const resources = new AsyncDisposableStack();
  let sites: StandbySites;
  /** The values of `childless` that charon has. */
  let policies: readonly string[];
  let refusalAlerts: readonly string[];

  before(async () => {
    sites = resources.use(await StandbySites.build());
    const { version } = sites.lab.node;
    const preferring = isInRange(version, { since: "5.9.10" }) ? ["prefer"] : [];
    policies = ["allow", "force", "never", ...preferring];
    await using session = await sites.lab.node.session();
    refusalAlerts = (await hasAlerts(session)) ? ["local-auth-failed"] : [];
  });
  after(() => resources.disposeAsync());

  /** Waits until the peer has refused an IKE SA as malformed, and charon has none. */
  async function isRefused(name: string): Promise<void> {
    await sites.node.logs(name, /^received INVALID_SYNTAX notify error$/m);
    await eventually(async () => assert.deepEqual(await sites.node.sas(name), []));
    await eventually(() => assert.deepEqual(sites.node.alerts(name), refusalAlerts));
    assert.deepEqual(sites.node.failures(name), [refusal]);
  }

  it("is established by an initiate without a child, whatever `childless` is", async () => {
    for (const childless of policies) {
      const name = `alone-${childless}`;
      await sites.standby(name, { node: { childless } });
      await sites.node.logs(name, /^parsed IKE_SA_INIT response 0 \[ .*N\(CHDLESS_SUP\)/m);
      await sites.node.logs(name, /^generating IKE_AUTH request 1 \[ (?!.*TSi).*\]$/m);
      assert.equal(sites.node.sent("CREATE_CHILD_SA", name), 0);
    }
  });

  it("is not established again by another initiate without a child", async () => {
    const id = await sites.standby("again");
    await sites.node.initiate("again");
    await pause(settleMs);
    assert.deepEqual(await sites.node.settles("again", [[]]), [id]);
    assert.equal((await sites.node.sas("again")).length, 1);
    assert.equal(sites.node.sent("IKE_SA_INIT", "again"), 1);
  });

  it("precedes the CHILD SA of an initiate with a child under `force` and `prefer`", async () => {
    for (const childless of policies) {
      const name = `child-${childless}`;
      await sites.load(name, { node: { childless } });
      await sites.node.initiate(name, "net");
      await sites.node.settles(name, [["net"]]);
      const precedes = childless === "force" || childless === "prefer";
      // charon's log may follow its list of SAs.
      await eventually(() =>
        assert.equal(sites.node.sent("CREATE_CHILD_SA", name), precedes ? 1 : 0, childless),
      );
    }
  });

  it("is requested of a peer that does not announce it, whatever `childless` is", async () => {
    for (const childless of policies) {
      const name = `unannounced-${childless}`;
      await sites.load(name, refusedBy(childless));
      await sites.node.initiate(name);
      await isRefused(name);
      assert.doesNotMatch(sites.node.lines(name).join("\n"), /N\(CHDLESS_SUP\)/);
    }
  });

  it("is refused by a peer that announces it for another connection", async () => {
    await sites.load("announced", { peer: { childless: "never" } });
    await sites.node.initiate("announced");
    await sites.node.logs("announced", /^parsed IKE_SA_INIT response 0 \[ .*N\(CHDLESS_SUP\)/m);
    await isRefused("announced");
  });

  it("is required of the peer by an initiate with a child under `force` alone", async () => {
    for (const childless of policies) {
      const name = `unannounced-child-${childless}`;
      await sites.load(name, refusedBy(childless));
      await sites.node.initiate(name, "net");
      await sites.node.settles(name, childless === "force" ? [] : [["net"]]);
      if (childless === "force") {
        await sites.node.logs(name, /^peer does not support childless IKE_SA initiation$/m);
        assert.deepEqual(await sites.node.sas(name), []);
      }
      assert.deepEqual(sites.node.failures(name), childless === "force" ? [unsupported] : []);
      assert.deepEqual(sites.node.alerts(name), [], childless);
    }
  });

  it("gets a CHILD SA by one exchange", async (t) => {
    const id = await sites.standby("takeover");
    const from = performance.now();
    await sites.node.initiate("takeover", "net");
    assert.deepEqual(await sites.node.settles("takeover", [["net"]]), [id]);
    t.diagnostic(`a CHILD SA after ${Math.round(performance.now() - from)} ms`);
    await eventually(() => assert.equal(sites.node.sent("CREATE_CHILD_SA", "takeover"), 1));
    assert.equal(sites.node.sent("IKE_AUTH", "takeover"), 1);
    await sites.peer.settles("takeover", [["net"]]);
  });

  it("remains at both ends after its only CHILD SA is terminated", async () => {
    const id = await sites.standby("handback");
    await sites.node.initiate("handback", "net");
    await sites.node.settles("handback", [["net"]]);
    const [sa] = await sites.node.sas("handback");
    const childId = sa?.children[0]?.uniqueId ?? "";
    await sites.node.request("terminate", { "child-id": childId, timeout: "2000" });
    assert.deepEqual(await sites.node.settles("handback", [[]]), [id]);
    await sites.peer.settles("handback", [[]]);
    await sites.node.initiate("handback", "net");
    assert.deepEqual(await sites.node.settles("handback", [["net"]]), [id]);
  });

  it("gets the CHILD SA that the peer initiates, also under `force`", async () => {
    for (const childless of ["allow", "force"]) {
      const name = `called-${childless}`;
      const id = await sites.standby(name, { node: { childless } });
      await sites.peer.initiate(name, "net");
      assert.deepEqual(await sites.node.settles(name, [["net"]]), [id]);
      await sites.peer.settles(name, [["net"]]);
    }
  });

  it("stays beside another IKE SA of the peer with a CHILD SA, which `force` refuses", async () => {
    for (const childless of ["allow", "force"]) {
      const name = `beside-${childless}`;
      const id = await sites.standby(name, { node: { childless } });
      // The peer does not use an IKE SA of another configuration.
      await sites.loadPeer(name, { remote_addrs: ["192.168.1.1"], rekey_time: "3h" });
      await sites.peer.initiate(name, "net");
      if (childless === "force") {
        await sites.peer.logs(name, /^received INVALID_SYNTAX notify error$/m);
        await eventually(() => assert.deepEqual(sites.node.failures(name), [notChildless]));
      }
      const [first] = await sites.node.settles(name, childless === "force" ? [[]] : [[], ["net"]]);
      assert.equal(first, id);
    }
  });
});
