import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childExtraWarnings, connectionExtraWarnings } from "./extra-warnings.ts";

const of = {
  connection: connectionExtraWarnings,
  child: childExtraWarnings,
} as const;

const cases: readonly (readonly [keyof typeof of, Record<string, string>, RegExp?])[] = [
  ["connection", { no_such_option: "1" }, /^is not an option that ipman knows: /],
  ["connection", { childless: "prefer" }, /^needs charon 5\.9\.10 or later: an older one rejects/],
  ["connection", { ocsp: "both" }, /^needs charon 5\.9\.14 or later/],
  [
    "connection",
    { proposals: "aes256-sha256-x25519-ke1_mlkem768" },
    /^needs charon 6\.0\.0 or later: an older one does not offer/,
  ],
  ["connection", { proposals: "aes256-sha256-ntru128" }, /^needs charon before 6\.0\.0/],
  ["connection", { dpd_timeout: "150s" }, /^is for IKEv1: it has no effect/],
  ["connection", { aggressive: "yes" }, /^is for IKEv1/],
  ["connection", { aggressive: "no", pull: "yes", childless: "force" }],
  ["child", { icmp: "yes" }, /^needs charon 6\.0\.5 or later/],
  ["child", { hw_offload: "packet" }, /^needs charon 5\.9\.10 or later/],
  ["child", { hw_offload: "auto", start_action: "trap" }],
  ["child", { esp_proposals: "aes256-sha256, null-sha256" }, /^"null" does not encrypt/],
  ["child", { esp_proposals: "aes256gmac" }, /^"aes256gmac" does not encrypt/],
  ["child", { inactivity: "10m" }, /which ipman initiates again at once: add start_action: trap/],
  ["child", { inactivity: "10m", start_action: "trap" }],
];

describe("the warnings about the extra of a manifest", () => {
  for (const [level, extra, warning] of cases) {
    it(`of a ${level} with ${JSON.stringify(extra)} are ${warning === undefined ? "none" : "given"}`, () => {
      const found = of[level](extra).map(({ message }) => message);
      assert.equal(found.length, warning === undefined ? 0 : 1, found.join("\n"));
      if (warning !== undefined) assert.match(found[0] ?? "", warning);
    });
  }
});
