import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutSecrets } from "./redact.ts";

describe("a gathered text", () => {
  for (const [what, text] of [
    ["YAML", "  psk: planted-value\n  other: kept"],
    ["JSON", '{"preshared_key":"planted-value","other":"kept"}'],
    ["a quoted value", `password = "planted-value with blanks"; other = kept`],
    ["a variable", "MY_TOKEN=planted-value other=kept"],
    ["a bearer", "Authorization: Bearer planted-value.kept"],
    [
      "a key",
      "other kept\n-----BEGIN EC PRIVATE KEY-----\nplanted-value\n-----END EC PRIVATE KEY-----",
    ],
  ] as const) {
    it(`has no secret of ${what}`, () => {
      const rest = withoutSecrets(text);
      assert.doesNotMatch(rest, /planted/);
      if (what !== "a bearer") assert.match(rest, /kept/);
    });
  }

  it("keeps the name of a Secret and its state", () => {
    const text =
      'secretRef: { name: "ipsec-secret", key: "example" }\n"hasSecret":true\nSecretMissing: there is none';
    assert.equal(withoutSecrets(text), text);
  });
});
