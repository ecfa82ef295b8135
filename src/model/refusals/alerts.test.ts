import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NegotiationLog, settleMs } from "./negotiation-log.ts";

/** The reports of one IKE SA of a charon with alerts, at a time that the test sets. */
class Reports {
  #now = 0;
  readonly #log = new NegotiationLog({ hasAlerts: true, now: () => this.#now });

  /** The message of the failure in a line. */
  line = (text: string) => this.#log.failureIn(text, "1")?.message;
  alert = (type: string) => this.#log.noteAlert(type, "1");
  rekey = (text: string) => this.#log.refusedRekeyIn(text, "1")?.failure.message;
  /** The message of the alerts' failure, after the wait for lines. */
  settle = () => {
    this.#now += settleMs;
    return this.#log.alertedFailure("1")?.message;
  };
}

describe("an alert of charon", () => {
  for (const [type, line] of [
    ["retransmit-send", "retransmit 1 of request with message ID 0"],
    ["retransmit-send-timeout", "giving up after 2 retransmits"],
    ["peer-init-unreachable", "establishing IKE_SA failed, peer not responding"],
    ["proposal-mismatch-ike", "received NO_PROPOSAL_CHOSEN notify error"],
    ["proposal-mismatch-child", "received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built"],
    ["proposal-mismatch-child", "no acceptable proposal found"],
    ["install-child-sa-failed", "unable to install inbound IPsec SA (SAD) in kernel"],
    ["install-child-policy-failed", "unable to install IPsec policies (SPD) in kernel"],
    ["keep-on-child-sa-failure", "failed to establish CHILD_SA, keeping IKE_SA"],
    ["authorization-failed", "final authorization hook forbids IKE_SA, canceling"],
  ] as const) {
    it(`means the same as the line that it replaces (${type}, "${line}")`, () => {
      const reports = new Reports();
      reports.alert(type);
      assert.equal(reports.line(line), undefined);
      assert.equal(reports.settle(), new NegotiationLog().failureIn(line, "1")?.message);
    });
  }

  for (const [type, line] of [
    ["local-auth-failed", "received AUTHENTICATION_FAILED notify error"],
    ["local-auth-failed", "received TEMPORARY_FAILURE notify error"],
    ["peer-auth-failed", "tried 1 shared key for 'a' - 'b', but MAC mismatched"],
    ["ts-mismatch", "traffic selectors 10.0.2.0/24 === 10.9.0.0/16 unacceptable"],
    ["peer-addr-failed", "unable to resolve peer.test, initiate aborted"],
    ["keep-on-child-sa-failure", "received SINGLE_PAIR_REQUIRED notify, no CHILD_SA built"],
  ] as const) {
    it(`reports nothing if a line says more, before or after it (${type}, "${line}")`, () => {
      const [before, after] = [new Reports(), new Reports()];
      assert.ok(before.line(line));
      before.alert(type);
      assert.equal(before.settle(), undefined);
      after.alert(type);
      assert.ok(after.line(line));
      assert.equal(after.settle(), undefined);
    });
  }

  for (const type of ["local-auth-failed", "peer-auth-failed", "ts-mismatch", "peer-addr-failed"])
    it(`reports the failure if no line does (${type})`, () => {
      const reports = new Reports();
      reports.alert(type);
      assert.ok(reports.settle());
      assert.equal(reports.settle(), undefined);
    });

  it("reports the cause, not its consequence", () => {
    const reports = new Reports();
    reports.alert("install-child-sa-failed");
    reports.alert("keep-on-child-sa-failure");
    assert.equal(reports.line("closing IKE_SA due CHILD_SA setup failure"), undefined);
    assert.match(reports.settle() ?? "", /hw_offload/);
  });

  it("has the cause if it is the first of several", () => {
    const reports = new Reports();
    reports.alert("authorization-failed");
    reports.alert("peer-auth-failed");
    assert.match(reports.settle() ?? "", /plugin/);
  });

  it("replaces a retransmission before it", () => {
    const reports = new Reports();
    reports.alert("retransmit-send");
    reports.alert("local-auth-failed");
    assert.match(reports.settle() ?? "", /pre-shared key/);
  });

  it("reports a refusal that charon logs as the end of the SA alone", () => {
    const reports = new Reports();
    assert.ok(reports.line("received DELETE for IKE_SA site[1]"));
    reports.alert("local-auth-failed");
    assert.match(reports.settle() ?? "", /pre-shared key/);
  });

  it("is kept if the lines before it arrive later, and gives a refused rekey its cause", () => {
    const reports = new Reports();
    reports.alert("proposal-mismatch-child");
    reports.line("establishing CHILD_SA net{2} reqid 1");
    const failed = "CHILD_SA rekeying failed, trying again in 9 seconds";
    assert.match(reports.rekey(failed) ?? "", /ESP proposals/);
    assert.match(reports.settle() ?? "", /ESP proposals/);
  });

  it("is a failure if a line with another cause is older", () => {
    const reports = new Reports();
    assert.ok(reports.line("no acceptable traffic selectors found"));
    reports.settle();
    reports.alert("install-child-sa-failed");
    assert.match(reports.settle() ?? "", /hw_offload/);
  });

  it("about a certificate is a failure only if the authentication fails", () => {
    const reports = new Reports();
    reports.alert("cert-validation-failed");
    assert.equal(reports.settle(), undefined);
    reports.alert("peer-auth-failed");
    assert.match(reports.settle() ?? "", /certificate of the peer has an unknown status/);
  });

  it("of another type reports nothing", () => {
    const reports = new Reports();
    for (const type of ["unknown", "constructor", "ts-narrowed"]) reports.alert(type);
    assert.equal(reports.settle(), undefined);
  });
});
