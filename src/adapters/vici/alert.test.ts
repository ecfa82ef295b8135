import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { firstValueFrom, take, timer, takeUntil, toArray } from "rxjs";
import { connect } from "vici-client";
import { conn } from "../../../test/simulator/charon/peers.ts";
import { openedCharon } from "../../../test/simulator/opened-charon.ts";
import type { CharonVersion } from "../../model/charon/proposals/charon-version.ts";
import { alertsIn } from "./alert.ts";

/** The failures and alerts that a charon of this version reports if the kernel refuses an SA. */
async function reportsOf(t: TestContext, version: CharonVersion) {
  const { charon, path } = await openedCharon(t, { peer: () => "kernel refuses", version });
  const events = firstValueFrom(charon.log().pipe(takeUntil(timer(400)), take(20), toArray()));
  await using session = await connect({ path });
  await session.request("load-conn", conn("offloaded"));
  await session.request("initiate", { ike: "offloaded", child: "net", timeout: "-1" });
  return (await events).flatMap((event) => {
    if (event.type === "alerted") return `${event.connection}: ${event.alert}`;
    return event.type === "peer.notified" ? `${event.connection}: ${event.failure.reason}` : [];
  });
}

describe("an alert", () => {
  it("is read with its connection and its IKE SA", () => {
    const message = { type: "ts-mismatch", "ike-sa": { site: { uniqueid: "7" } } };
    assert.deepEqual(alertsIn(message), [{ type: "ts-mismatch", connection: "site", sa: "7" }]);
  });

  it("may have no IKE SA, and has a type", () => {
    const [alert] = alertsIn({ type: "shutdown-signal", "ike-sa": ["site"] });
    assert.deepEqual(alert, { type: "shutdown-signal", connection: undefined, sa: "" });
    assert.deepEqual(alertsIn({ type: ["ts-mismatch"] }), []);
  });

  it("reports the failure once where charon has alerts", async (t) => {
    assert.deepEqual(await reportsOf(t, "6.1.0"), [
      "offloaded: install-child-sa-failed",
      "offloaded: keep-on-child-sa-failure",
      "offloaded: SaRejected",
    ]);
  });

  it("is replaced by the log where charon has none", async (t) => {
    assert.deepEqual(await reportsOf(t, "5.9.8"), ["offloaded: SaRejected"]);
  });
});
