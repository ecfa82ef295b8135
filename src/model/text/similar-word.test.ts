import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { similarWord } from "./similar-word.ts";

const words = ["rekey_time", "rand_time", "encap", "dscp", "reauth_time"];

describe("a similar word", () => {
  for (const [word, found] of [
    ["rekeytime", "rekey_time"],
    ["rekey_tmie", "rekey_time"],
    ["reky_tim", "rekey_time"],
    ["rekey_tiem", "rekey_time"],
    ["encpa", "encap"],
    ["dscpx", "dscp"],
    ["ocsp", undefined],
    ["rekey", undefined],
    ["life_time", undefined],
    ["", undefined],
  ] as const) {
    it(`to "${word}" is ${found ?? "not found"}`, () => {
      assert.equal(similarWord(word, words), found);
    });
  }

  it("is the one with the fewest differences", () => {
    assert.equal(similarWord("aes257", ["aes128", "aes256", "aes2567"]), "aes256");
  });
});
