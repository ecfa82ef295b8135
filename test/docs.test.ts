import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { apiReference } from "../scripts/api-reference.ts";
import { Reason } from "../src/model/failure.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const pages = [
  "README.md",
  "charts/ipman/README.md",
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
];

describe("the documentation", () => {
  it("has the API that the schemas give; npm run api writes it", () => {
    assert.equal(read("docs/api.md"), apiReference());
  });

  it("explains every reason, and no other", () => {
    const explained = [...read("docs/reasons.md").matchAll(/^\| `(\w+)`/gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(new Set(explained), new Set<string>(Object.values(Reason)));
  });

  for (const page of pages) {
    it(`leads somewhere: ${page}`, () => {
      for (const [, target = ""] of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        assert.doesNotThrow(() => read(join(dirname(page), target)), target);
      }
    });
  }
});
