import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

const root = join(import.meta.dirname, "..");
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, Entry>;
};
const installed = Object.entries(lock.packages).filter(
  ([path, { link }]) => path.startsWith("node_modules/") && link !== true,
);

describe("the lockfile", () => {
  it("has the hash of every package for all platforms", () => {
    const without = installed.filter(([, { integrity = "" }]) => !/^sha512-.{88}$/.test(integrity));
    const remedy = "remove these entries and run: npm install --package-lock-only";
    assert.deepEqual(
      without.map(([path]) => path),
      [],
      remedy,
    );
    assert.ok(installed.length > 300);
  });

  it("has Node for both architectures, in the version that runs these tests", () => {
    for (const architecture of ["x64", "arm64"]) {
      const entry = lock.packages[`node_modules/node-linux-${architecture}`];
      assert.equal(`v${entry?.version}`, process.version);
    }
  });

  it("keeps packages from running scripts during an installation", () => {
    const settings = readFileSync(join(root, ".npmrc"), "utf8").split("\n");
    assert.ok(settings.includes("ignore-scripts=true"));
  });
});
