import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { secretText, type SecretTimes } from "./secret-series.ts";

describe("the metric of Secrets", () => {
  it("has each connection whose Secret is known, and no other", () => {
    const connections = new Map(["new", "old", "without"].map((id) => [id, { id }]));
    const times: Record<string, number> = { new: 1_700_000_000.5, old: 1_600_000_000 };
    const supervisor = { desired: { connections }, secretChangedAt: ({ id = "" }) => times[id] };
    const text = () => secretText(supervisor as unknown as SecretTimes);
    const lines = text()
      .split("\n")
      .filter((line) => line.startsWith("ipman"));
    assert.deepEqual(lines, [
      'ipman_secret_changed_timestamp_seconds{connection="new"} 1700000000.5',
      'ipman_secret_changed_timestamp_seconds{connection="old"} 1600000000',
    ]);
    connections.clear();
    assert.doesNotMatch(text(), /\{connection/);
  });
});
