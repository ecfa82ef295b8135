import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NegotiationLog } from "./negotiation-log.ts";

describe("a rekey that the peer refuses", () => {
  /** The refused rekey that the last line reports. */
  const refusedIn = (...texts: string[]) => {
    const log = new NegotiationLog();
    for (const text of texts) log.failureIn(text, "1");
    return log.refusedRekeyIn(texts.at(-1) ?? "", "1");
  };
  const begin = "establishing CHILD_SA net-2{7} reqid 3";
  const refusal = "received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built";
  const failed = (kind: string) => `${kind}_SA rekeying failed, trying again in 9 seconds`;

  it("is reported of a CHILD SA by its name, with the peer's reason", () => {
    const refused = refusedIn(begin, refusal, failed("CHILD"));
    assert.equal(refused?.child, "net-2");
    assert.equal(refused.failure.reason, "RekeyRefused");
    assert.match(refused.failure.message, /not rekey the CHILD SA, .*: the ESP proposals/);
  });

  it("is reported of an IKE SA, after one of a CHILD SA as well", () => {
    const refused = refusedIn(
      begin,
      refusal,
      "received INVALID_SYNTAX notify error",
      failed("IKE"),
    );
    assert.equal(refused?.child, undefined);
    assert.match(refused?.failure.message ?? "", /not rekey the IKE SA, .*malformed/);
  });

  it("is reported without a reason if the peer gave none", () => {
    assert.match(refusedIn(begin, failed("CHILD"))?.failure.message ?? "", /it gave no reason$/);
  });

  it("is not reported if the peer is busy for a moment, or of other lines", () => {
    const busy = "received TEMPORARY_FAILURE notify, will retry later";
    assert.equal(refusedIn(begin, busy, failed("CHILD")), undefined);
    assert.equal(refusedIn(begin, refusal), undefined);
  });
});
