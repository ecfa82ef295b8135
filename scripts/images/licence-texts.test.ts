import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { licenceTexts } from "./licence-texts.ts";

describe("the licence texts of a package", () => {
  let modules: string;
  before(() => {
    modules = mkdtempSync(join(tmpdir(), "licences-"));
    for (const [path, text] of Object.entries({
      "plain/LICENSE": "MIT",
      "plain/NOTICE.md": "by A",
      "plain/lib/license.js": "code",
      "none/README.md": "see the web",
      "empty/LICENSE": "\n",
      "koffi/LICENSE.txt": "of koffi",
      "koffi/vendor/napi/LICENSE.md": "of napi",
      "@koromix/koffi-linux-x64/index.js": "code",
    })) {
      mkdirSync(dirname(join(modules, path)), { recursive: true });
      writeFileSync(join(modules, path), text);
    }
  });
  after(() => rmSync(modules, { recursive: true }));

  it("are the licence files in its folder", () => {
    assert.equal(licenceTexts(join(modules, "plain")), "MIT\n\n\nby A\n");
  });

  it("include those of vendored sources, and koffi's for its platform packages", () => {
    assert.equal(licenceTexts(join(modules, "koffi")), "of koffi\n\n\nof napi\n");
    assert.equal(licenceTexts(join(modules, "@koromix/koffi-linux-x64")), "of koffi\n");
  });

  it("stop the build if there are none, with an error that names the package", () => {
    for (const name of ["none", "empty"]) {
      assert.throws(() => licenceTexts(join(modules, name)), new RegExp(`${name} has no licence`));
    }
  });
});
