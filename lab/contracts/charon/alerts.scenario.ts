import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Session } from "vici-client";
import { Charon } from "../../../src/adapters/vici/charon.ts";
import type { CharonEvent } from "../../../src/model/charon/charon-event.ts";
import { isInRange } from "../../../src/model/charon/proposals/charon-version.ts";
import { conn, sharedOf, type PeerName } from "../../../test/simulator/charon/peers.ts";
import { eventually } from "../../sites/shell.ts";
import { TwoSites } from "../../sites/two-sites.ts";
import { loadHalves } from "./peer-halves.ts";

/** The first alert about each fault, and the failure that the log and the alerts report together. */
const faults = [
  ["stranger", "local-auth-failed", "AuthenticationFailed", /the peer refused/],
  ["ciphers", "proposal-mismatch-ike", "NoProposalChosen", /`proposals`/],
  ["weak", "proposal-mismatch-child", "NoProposalChosen", /`esp_proposals`/],
  ["narrow", "ts-mismatch", "TrafficSelectorsRefused", /the peer refused/],
  ["nameless", "peer-addr-failed", "AddressUnresolved", /cannot resolve peer\.invalid/],
  ["offloaded", "install-child-sa-failed", "SaRejected", /`hw_offload`/],
] as const;

/** Longer than an alert waits for lines of the log. */
const quietMs = 500;

describe("the failure of a negotiation", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let session: Session;
  let hasAlerts: boolean;
  const events: CharonEvent[] = [];

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await loadHalves(lab.peerSession);
    session = resources.use(await lab.node.session());
    hasAlerts = isInRange(lab.node.version, { since: "6.0.3" });
    const charon = resources.use(new Charon(lab.node.vici));
    await charon.open();
    const subscription = charon.log().subscribe((event) => events.push(event));
    resources.defer(() => subscription.unsubscribe());
  });
  after(() => resources.disposeAsync());

  const alertsOf = (name: string) =>
    events.flatMap((event) =>
      event.type === "alerted" && event.connection === name ? event.alert : [],
    );
  const failuresOf = (name: string) =>
    events.flatMap((event) =>
      event.type === "peer.notified" && event.connection === name ? event.failure : [],
    );

  /** Initiates a connection until it has failed. */
  async function fail(name: PeerName): Promise<void> {
    await session.request("load-shared", { id: name, ...sharedOf(name) });
    await session.request("load-conn", conn(name));
    // charon refuses to initiate to a name that does not resolve.
    await session.request("initiate", { ike: name, child: "net", timeout: "-1" }).catch(() => {});
    await eventually(() => assert.ok(failuresOf(name).length > 0), 10_000);
    await pause(quietMs);
  }

  for (const [name, alert, reason, message] of faults) {
    it(`is reported once, by an alert or by the line that says more (${alert})`, async () => {
      await fail(name);
      const [failure, ...more] = failuresOf(name);
      assert.equal(failure?.reason, reason);
      assert.match(failure.message, message);
      assert.deepEqual(more, []);
      assert.equal(alertsOf(name)[0], hasAlerts ? alert : undefined);
    });
  }

  it("is reported by each retransmission, and at the end, if the peer does not answer", async () => {
    await fail("dead");
    await eventually(() => {
      assert.ok(failuresOf("dead").length >= 3);
    }, 10_000);
    await pause(quietMs);
    const reasons = new Set(failuresOf("dead").map((failure) => failure.reason));
    assert.deepEqual([...reasons], ["PeerUnreachable"]);
    const alerts = "retransmit-send retransmit-send retransmit-send-timeout peer-init-unreachable";
    assert.deepEqual(alertsOf("dead"), hasAlerts ? alerts.split(" ") : []);
  });
});
