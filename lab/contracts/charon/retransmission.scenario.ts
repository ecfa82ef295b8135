import assert from "node:assert/strict";
import { it } from "node:test";
import { conn, sharedOf } from "../../../test/simulator/charon/peers.ts";
import { retransmissionLines, retransmissionWaits } from "../../sites/retransmission.ts";
import { TwoSites } from "../../sites/two-sites.ts";

/** The settings of the images, with a limit that is reached sooner. */
const settings = { timeout: 1, base: 1.4, limit: 2, tries: 4 };

/** The seconds by which charon or this test may be late. */
const tolerance = 0.4;

it("charon repeats an unanswered request after ever longer times up to the limit, and then gives up", async (t) => {
  await using lab = await TwoSites.build(retransmissionLines(settings));
  await using session = await lab.node.session();
  const lines = session.events("log");
  await lines.ready;
  await session.request("load-shared", { id: "dead", ...sharedOf("dead") });
  await session.request("load-conn", conn("dead"));
  await session.request("initiate", { ike: "dead", child: "net", timeout: "-1" });
  const times: number[] = [];
  for await (const { message } of lines) {
    if (!/^(?:sending packet|giving up after 4 retransmits)/.test(message.msg)) continue;
    times.push(performance.now() / 1_000);
    if (message.msg.startsWith("giving up")) break;
  }
  const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  t.diagnostic(waits.map((wait) => wait.toFixed(2)).join(", "));
  const expected = retransmissionWaits(settings);
  assert.equal(waits.length, expected.length);
  for (const [i, wait] of expected.entries())
    assert.ok(Math.abs((waits[i] ?? 0) - wait) < tolerance, waits.join(", "));
});
