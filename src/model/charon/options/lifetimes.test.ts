import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { completedIkeLifetimes, completedLifetimes } from "./lifetimes.ts";

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

describe("the lifetimes of an IKE SA", () => {
  for (const [options, added] of [
    [{}, { over_time: "300", rand_time: "1440" }],
    [{ rand_time: "5m" }, { over_time: "300" }],
    [{ over_time: "20s" }, {}],
    [{ rekey_time: "50m" }, {}],
    [{ rekey_time: "20s" }, {}],
    [
      { rekey_time: "4h", reauth_time: "20m" },
      { over_time: "300", rand_time: "600" },
    ],
    [{ rekey_time: "0s", reauth_time: "50m" }, {}],
    [{ rekey_time: "0s" }, { over_time: "300", rand_time: "0" }],
  ] as const) {
    it(`${JSON.stringify(options)} are completed by ${JSON.stringify(added)}`, () => {
      assert.deepEqual(completedIkeLifetimes(options), added);
    });
  }
});
