import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dated } from "./dated-status.ts";
import type { Status } from "../../model/status/status.ts";

const status = {
  charon: { state: "connected", failure: undefined },
  problems: [],
  connections: [
    {
      id: "up",
      since: 100,
      children: [{ key: "lan", since: 130 }],
      paths: [{ name: "main", since: 110 }],
      lastSwitch: { from: "backup", since: 150 },
    },
    { id: "refused", since: 0, children: [] },
  ],
} as unknown as Status;

/** The ages that a reader computes. */
function agesWith(date: number): number[] {
  const { at, connections } = dated(status, { elapsed: () => 160_000, date: () => date });
  const [up, refused] = connections;
  assert.equal(refused?.since, 0, "an unknown time stays unknown");
  const { children: [child] = [], paths: [path] = [], lastSwitch } = up ?? {};
  return [up, child, path, lastSwitch].map((one) => at - (one?.since ?? 0));
}

describe("a status that is reported", () => {
  for (const date of ["1970-01-01T00:03:00Z", "2026-01-02T03:04:05Z", "2040-01-01T00:00:00Z"])
    it(`has the same ages if the clock shows ${date}`, () => {
      assert.deepEqual(agesWith(Date.parse(date)), [60, 30, 50, 10]);
    });
});
