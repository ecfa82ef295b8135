import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { habitCases } from "./cases.ts";

describe("the cases of habits", () => {
  for (const { title, connection } of habitCases) {
    it(`have a valid connection to the peer that ${title}`, () => {
      const parsed = connectionFromCr(connection);
      assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
    });
  }

  it("have addresses of their own, and names that a journal keeps apart", () => {
    for (const part of ["address", "name"] as const)
      assert.equal(new Set(habitCases.map(({ peer }) => peer[part])).size, habitCases.length);
  });
});
