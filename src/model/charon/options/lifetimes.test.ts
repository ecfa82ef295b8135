import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { completedLifetimes } from "./lifetimes.ts";

/** Options with the ones that ipman adds for charon. */
const cases: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
  [{}, {}],
  [{ rekey_time: "1h" }, {}],
  [{ life_time: "0" }, {}],
  [{ life_time: "1h" }, { rekey_time: "3272" }],
  [{ life_time: "8h", rekey_time: "7h" }, {}],
  [{ life_time: "8h", rekey_time: "1h" }, { rand_time: "360" }],
  [{ life_time: "8h", rekey_time: "1h", rand_time: "5m" }, {}],
  [{ life_time: "8h", rekey_time: "0s" }, { rand_time: "0" }],
  [{ life_bytes: "1g" }, { rekey_bytes: "976128930" }],
  [
    { life_packets: "11", life_time: "11" },
    { rekey_packets: "10", rekey_time: "10" },
  ],
];

describe("the lifetimes of a child", () => {
  for (const [options, added] of cases) {
    it(`${JSON.stringify(options)} are completed by ${JSON.stringify(added)}`, () => {
      assert.deepEqual(completedLifetimes(options), added);
    });
  }
});
