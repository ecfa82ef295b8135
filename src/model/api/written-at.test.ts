import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { writtenAt } from "./written-at.ts";

const at = (metadata: object) => writtenAt({ name: "keys", ...metadata });

describe("the time of the last write", () => {
  it("is the latest time in the metadata", () => {
    const creationTimestamp = "2026-01-01T00:00:00Z";
    const managedFields = [{ time: "2026-03-01T00:00:00Z" }, { time: "2026-02-01T00:00:00Z" }, {}];
    assert.equal(at({ creationTimestamp, managedFields }), Date.UTC(2026, 2, 1) / 1_000);
    assert.equal(at({ creationTimestamp }), Date.UTC(2026, 0, 1) / 1_000);
  });

  it("is unknown if the metadata has no time", () => {
    assert.equal(at({}), undefined);
    assert.equal(at({ creationTimestamp: "yesterday" }), undefined);
  });
});
