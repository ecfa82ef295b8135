import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../src/model/status/failure.ts";
import { childHarness as harness } from "./child-harness.ts";
import { ikeSa } from "./fixtures.ts";

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

  it("takes a refusal as the cause if a retransmission came shortly before it", async () => {
    const silent = failure(Reason.PeerUnreachable, "the peer does not answer");
    const { list, send, start, wait, snapshot } = harness();
    await start();
    await send({ type: "peer.notified", failure: silent });
    await send({ type: "peer.notified", failure: refused });
    await send({ type: "peer.notified", failure: silent });
    await wait(200);
    await list();
    assert.equal(snapshot().context.failure, refused);
  });

  it("has no cause of its own while charon does not have the connection", async () => {
    const { list, send, start, snapshot } = harness();
    await start();
    await send({ type: "connection.unloaded" });
    await list(ikeSa());
    assert.equal(snapshot().value, "established");
    await list();
    assert.equal(snapshot().value, "pending");
    assert.equal(snapshot().context.failure, undefined);
  });
});
