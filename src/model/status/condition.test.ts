import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { longestMessage } from "../api/schema/status.ts";
import { stated } from "./condition.ts";

describe("a condition in an object's status", () => {
  const condition = { type: "SpecValid", status: "False", reason: "SpecInvalid" } as const;
  const messageOf = (message: string) =>
    stated([{ ...condition, message }], [], 1, "2026-01-01T00:00:00Z")[0]?.message ?? "";

  it("has a message that fits into the API server's limit", () => {
    const long = messageOf("🔒".repeat(longestMessage + 1));
    assert.equal(Array.from(long).length, longestMessage);
    assert.ok(long.endsWith("🔒…"));
    assert.equal(messageOf("x".repeat(longestMessage)), "x".repeat(longestMessage));
  });
});
