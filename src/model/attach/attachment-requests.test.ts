import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAttachments } from "./attachment-requests.ts";

const bank = { ipmanName: "bank", childName: "prod", poolName: "main" };
const plant = { ipmanName: "plant", childName: "plc", poolName: "main" };

/** The problems of a list, one a line. */
function problemsOf(list: unknown): string {
  const parsed = parseAttachments(typeof list === "string" ? list : JSON.stringify(list));
  assert.ok(!parsed.ok);
  return parsed.problems.map(({ path, message }) => `${path}: ${message}`).join("\n");
}

describe("a list of attachments", () => {
  it("is read as the annotations that would request each attachment alone", () => {
    const list = [bank, { ...plant, address: "10.0.3.4" }, { ...plant, keepAddress: true }];
    assert.deepEqual(parseAttachments(JSON.stringify(list)), {
      ok: true,
      value: [
        {
          "ipman.dialo.ai/ipmanName": "bank",
          "ipman.dialo.ai/childName": "prod",
          "ipman.dialo.ai/poolName": "main",
        },
        {
          "ipman.dialo.ai/ipmanName": "plant",
          "ipman.dialo.ai/childName": "plc",
          "ipman.dialo.ai/poolName": "main",
          "ipman.dialo.ai/address": "10.0.3.4",
        },
        {
          "ipman.dialo.ai/ipmanName": "plant",
          "ipman.dialo.ai/childName": "plc",
          "ipman.dialo.ai/poolName": "main",
          "ipman.dialo.ai/keepAddress": "true",
        },
      ],
    });
  });

  for (const [what, list, words] of [
    ["is not JSON", "[{", /^ipman\.dialo\.ai\/attachments: is not JSON; write a list like \[\{/],
    ["is not a list", bank, /^ipman\.dialo\.ai\/attachments: must be of type array/],
    ["is null", "null", /^ipman\.dialo\.ai\/attachments: must be of type array/],
    ["is empty", [], /^ipman\.dialo\.ai\/attachments: must NOT have fewer than 1 items/],
    [
      "is too long",
      Array.from({ length: 9 }, () => bank),
      /^ipman\.dialo\.ai\/attachments: has 9 items: at most 8 are allowed/,
    ],
    ["has an entry of another type", [bank, "plant"], /attachments\[1\]: must be of type object/],
    ["has a list as an entry", [[bank]], /attachments\[0\]: must be of type object/],
    ["lacks a pool", [bank, { ...plant, poolName: undefined }], /\[1\]\.poolName: is required/],
    ["has an empty name", [{ ...bank, childName: "" }], /\[0\]\.childName: must NOT have fewer/],
    [
      "has a name of another type",
      [{ ...bank, poolName: 7 }],
      /\[0\]\.poolName: must be of type string; put it in quotes/,
    ],
    ["has a text for a truth value", [{ ...bank, keepAddress: "true" }], /must be of type boolean/],
    [
      "has an unknown member",
      [{ ...bank, pool: "main" }],
      /attachments\[0\]\.pool: unknown field; use one of: ipmanName, childName, poolName, address, keepAddress/,
    ],
  ] as const)
    it(`is refused with the place of the problem if it ${what}`, () => {
      assert.match(problemsOf(list), words);
    });

  it("is refused with every problem", () => {
    const problems = problemsOf([{ ...bank, poolName: 7 }, {}]).split("\n");
    assert.equal(problems.length, 4, problems.join("\n"));
  });
});
