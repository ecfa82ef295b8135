import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { charonLines, merged, ownLines } from "./log-lines.ts";

const agent = [
  '2026-11-24T14:00:01.100Z {"level":30,"connection":"partner","state":"negotiating","msg":"negotiating"}',
  '2026-11-24T14:00:02.300Z {"level":40,"connection":"partner","child":"lan","state":"failed","reason":"AuthenticationFailed","msg":"the peer refused"}',
  '2026-11-24T14:00:02.300Z {"level":30,"connection":"bank","state":"established","msg":"established"}',
  '2026-11-24T14:00:04.000Z {"level":40,"op":"watch","msg":"the API server is away"}',
  '2026-11-24T14:00:05.000Z {"level":30,"msg":"ipman agent runs"}',
  "2026-11-24T14:00:06.000Z something that is not JSON",
].join("\n");

const charon = [
  "2026-11-24T14:00:01.200Z 10[IKE] <partner|3> initiating IKE_SA partner[3] to 192.0.2.1",
  "2026-11-24T14:00:01.250Z 11[IKE] <partner.b|4> initiating IKE_SA partner.b[4] to 192.0.2.2",
  "2026-11-24T14:00:01.260Z 12[NET] received packet",
].join("\n");

describe("the logs of a connection", () => {
  it("are those of agent and charon about it, ordered by time", () => {
    const lines = [...ownLines("agent", agent, "partner"), ...charonLines(charon, "partner")];
    assert.deepEqual(merged(lines), [
      "2026-11-24T14:00:01.100  agent     partner negotiating",
      "2026-11-24T14:00:01.200  charon    [IKE] initiating IKE_SA partner[3] to 192.0.2.1",
      "2026-11-24T14:00:02.300  agent     partner/lan failed: AuthenticationFailed: the peer refused",
      "2026-11-24T14:00:04.000  agent     the API server is away",
    ]);
  });

  it("have the lines of charon about each of its paths, with the path's name", () => {
    const log = [
      "2026-11-24T14:00:01.200Z 10[IKE] <partner|3> initiating IKE_SA partner[3] to 192.0.2.1",
      "2026-11-24T14:00:01.300Z 10[IKE] <partner/backup|5> retransmit 1 of request",
      "2026-11-24T14:00:01.400Z 10[IKE] <partners/backup|6> another connection",
    ].join("\n");
    assert.deepEqual(
      charonLines(log, "partner").map(({ text }) => text),
      ["[IKE] initiating IKE_SA partner[3] to 192.0.2.1", "backup [IKE] retransmit 1 of request"],
    );
  });

  it("are selected by the whole name", () => {
    assert.equal(charonLines(charon, "partner.b").length, 1);
    assert.equal(charonLines(charon, "partnerxb").length, 0);
  });
});
