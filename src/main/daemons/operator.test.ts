import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../options/command.ts";
import { operatorOptionsIn } from "./operator.ts";

const images = { "ipman-image": "ipman:1", "charon-image": "charon:1" };
const ttlOf = (values: Readonly<Record<string, string>>) =>
  operatorOptionsIn({ ...images, ...values }).ttlSeconds;

describe("the operator's options", () => {
  it("have a reservation outlast two answers to the API server about its pod", () => {
    assert.equal(ttlOf({}), 75);
    assert.equal(ttlOf({ "reservation-ttl": "20", "pod-timeout": "10" }), 20);
    assert.equal(ttlOf({ "reservation-ttl": "60", "pod-timeout": "30" }), 60);
  });

  for (const values of [
    { "reservation-ttl": "19" },
    { "reservation-ttl": "59", "pod-timeout": "30" },
  ])
    it(`refuse ${JSON.stringify(values)}, and name both options and what to do`, () => {
      assert.throws(
        () => ttlOf(values),
        (error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, /--reservation-ttl is \d+, less than twice --pod-timeout/);
          assert.match(error.message, /set --reservation-ttl to at least (20|60)/);
          return true;
        },
      );
    });
});
