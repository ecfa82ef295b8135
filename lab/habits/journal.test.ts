import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askedSas, journalIn } from "./journal.ts";

describe("the journal of simulated peers", () => {
  const request = (at: number, peer: string, purpose: string, ike: string, messageId: number) => ({
    at,
    peer,
    event: "request",
    purpose,
    ike,
    messageId,
  });
  const lines = [
    { at: 90, peer: "a", event: "listening" },
    request(100, "a", "ikeSa", "i1", 0),
    request(110, "a", "ikeSa", "i1", 0),
    request(120, "a", "authentication", "r1", 1),
    request(130, "b", "ikeSa", "i9", 0),
    request(140, "a", "newChild", "r1", 2),
    request(150, "a", "newChild", "r1", 2),
    request(160, "a", "childRekey", "r1", 3),
    request(170, "a", "ikeSa", "i2", 0),
  ];
  const text = ["(node:1) a warning", ...lines.map((line) => JSON.stringify(line)), '{"cut'];
  const journal = journalIn(text.join("\n"));

  it("has an entry for each line of the peers", () => {
    assert.deepEqual(journal, lines);
  });

  it("has the times of SAs that the other side asked for, without repetitions", () => {
    assert.deepEqual(askedSas(journal, "a"), { ike: [0, 70], child: [20, 40], rekeys: [60] });
    assert.deepEqual(askedSas(journal, "c"), { ike: [], child: [], rekeys: [] });
  });
});
