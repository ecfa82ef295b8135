import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatWebhookPath, parseWebhookPath } from "./webhook-path.ts";

const newKey = () => createSecretKey(randomBytes(32));
const key = newKey();
const said = fc.record({
  endpoint: fc.stringMatching(/^[a-z]{1,32}$/),
  generation: fc.integer({ min: 1, max: 10 ** 15 - 1 }),
});

describe("a secret path of the webhooks", () => {
  it("contains endpoint and generation, in characters that the API server accepts", () => {
    fc.assert(
      fc.property(said, (path) => {
        const text = formatWebhookPath(key, path);
        assert.deepEqual(parseWebhookPath(key, text), { ...path });
        // The API server requires each segment to be a DNS-1123 subdomain.
        for (const segment of text.slice(1).split("/")) assert.match(segment, /^[a-z0-9]{1,253}$/);
      }),
    );
  });

  it("is not accepted with another key, or after a change of any character", () => {
    fc.assert(
      fc.property(
        said,
        fc.nat(),
        fc.constantFrom(...Array.from("abcdef0123456789/-.")),
        (path, at, other) => {
          const text = formatWebhookPath(key, path);
          assert.equal(parseWebhookPath(newKey(), text), undefined);
          const i = at % text.length;
          if (text[i] === other) return;
          const changed = text.slice(0, i) + other + text.slice(i + 1);
          assert.equal(parseWebhookPath(key, changed), undefined);
        },
      ),
    );
  });
});
