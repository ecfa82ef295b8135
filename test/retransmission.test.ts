import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { imageRetransmission, retransmissionWaits } from "../lab/sites/retransmission.ts";

describe("charon in ipman's images", () => {
  const waits = retransmissionWaits(imageRetransmission());

  it("sends a request again after a second, so that one lost message costs no more", () => {
    assert.equal(waits[0], 1);
  });

  it("gives up a dead peer after 70 s, and not one that is away for a minute", () => {
    const total = waits.reduce((sum, wait) => sum + wait, 0);
    assert.ok(total >= 69.2 && total < 71, `${total} s`);
  });

  it("reaches a peer that is back within 12 s", () => {
    assert.equal(Math.max(...waits), 12);
  });
});
