import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { childHarness as harness } from "./child-harness.ts";

const refused = failure(Reason.AuthenticationFailed, "no");

describe("a child whose negotiation fails", () => {
  it("waits for charon's log to say why charon did not begin a negotiation", async () => {
    const notBegun = failure(Reason.NegotiationFailed, "establishing CHILD_SA failed");
    const unresolved = failure(Reason.AddressUnresolved, "cannot resolve");
    for (const late of [true, false]) {
      const { calls, hold, send, start, wait, snapshot } = harness();
      calls.fail("initiate", notBegun);
      const held = hold("initiate");
      await start();
      if (!late) await send({ type: "peer.notified", failure: unresolved });
      held.resolve();
      await wait(0);
      if (late) {
        assert.deepEqual(snapshot().value, { negotiating: "unexplained" });
        await send({ type: "peer.notified", failure: unresolved });
      }
      assert.deepEqual(snapshot().value, { failed: "retrying" });
      assert.equal(snapshot().context.failure, unresolved);
    }
  });

  it("takes the end of an SA as the cause only if nothing else is known", async () => {
    const ended = failure(Reason.PeerClosed, "ended");
    for (const [events, expected] of [
      [[ended], ended],
      [[ended, refused], refused],
      [[refused, ended], refused],
    ] as const) {
      const { list, send, start, wait, snapshot } = harness();
      await start();
      for (const event of events) await send({ type: "peer.notified", failure: event });
      await wait(200);
      await list();
      assert.equal(snapshot().context.failure, expected);
    }
  });
});
