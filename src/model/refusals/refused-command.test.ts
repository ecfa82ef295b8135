import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failureOfRefusal } from "./refused-command.ts";

describe("a command that charon refused", () => {
  for (const [words, reason] of [
    ["CHILD_SA config 'net' not found", "ConfigurationLost"],
    ["establishing CHILD_SA 'net' failed", "NegotiationFailed"],
    ["unknown option: x, config discarded", "ConfigRejected"],
  ] as const) {
    it(`means ${reason} if the reply is "${words}"`, () => {
      assert.equal(failureOfRefusal(words).reason, reason);
    });
  }
});
