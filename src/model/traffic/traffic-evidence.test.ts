import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { trafficDoubt, trafficEvidence, type TrafficEvidence } from "./traffic-evidence.ts";

/** Counters as they are read, with the time in seconds: packets in, out, and failed ones. */
type Reading = readonly [seconds: number, packetsIn: number, packetsOut: number, failed?: number];

function doubtAfter(readings: readonly Reading[]): string {
  let evidence: TrafficEvidence | undefined;
  let now = 0;
  for (const [seconds, packetsIn, packetsOut, integrityFailures = 0] of readings) {
    now = seconds * 1_000;
    evidence = trafficEvidence(evidence, { packetsIn, packetsOut, integrityFailures }, now);
  }
  return evidence === undefined ? "unknown" : (trafficDoubt(evidence, now) ?? "none");
}

describe("the doubt about a child's traffic", () => {
  for (const [situation, readings, doubt] of [
    [
      "an idle tunnel",
      [
        [0, 0, 0],
        [3_600, 0, 0],
      ],
      "none",
    ],
    ["traffic both ways", [[0, 5, 5]], "none"],
    [
      "answers that come late",
      [
        [0, 0, 3],
        [20, 0, 9],
        [29, 1, 12],
      ],
      "none",
    ],
    [
      "a few packets without an answer",
      [
        [0, 0, 2],
        [600, 0, 2],
      ],
      "none",
    ],
    [
      "packets that leave, within the first half minute",
      [
        [0, 0, 3],
        [29, 0, 30],
      ],
      "none",
    ],
    [
      "packets that leave, after half a minute",
      [
        [0, 0, 3],
        [31, 0, 30],
      ],
      "nothing received",
    ],
    [
      "the same over a rekey",
      [
        [0, 0, 3],
        [31, 0, 30],
        [40, 0, 0],
      ],
      "nothing received",
    ],
    [
      "the first answer after that",
      [
        [0, 0, 3],
        [31, 0, 30],
        [90, 1, 60],
      ],
      "none",
    ],
    [
      "one-way traffic after an answer",
      [
        [0, 1, 3],
        [40, 0, 0],
        [900, 0, 500],
      ],
      "none",
    ],
    ["packets from the peer alone", [[0, 40, 0]], "none"],
    [
      "two forged packets",
      [
        [0, 0, 0, 2],
        [600, 0, 0, 2],
      ],
      "none",
    ],
    ["the peer's packets, all of which fail", [[0, 0, 0, 3]], "mismatch"],
    [
      "failures while packets leave",
      [
        [0, 0, 9, 9],
        [31, 0, 40, 40],
      ],
      "mismatch",
    ],
    [
      "failures over a rekey",
      [
        [0, 0, 9, 9],
        [5, 0, 0, 0],
      ],
      "mismatch",
    ],
    [
      "a packet that passes after failures",
      [
        [0, 0, 9, 9],
        [5, 1, 10, 9],
      ],
      "none",
    ],
    ["failures among packets that pass", [[0, 900, 900, 50]], "none"],
    [
      "a rekey after which every packet fails",
      [
        [0, 9, 9],
        [60, 0, 3, 3],
      ],
      "mismatch",
    ],
  ] as readonly [string, readonly Reading[], string][])
    it(`is "${doubt}" for ${situation}`, () => assert.equal(doubtAfter(readings), doubt));
});
