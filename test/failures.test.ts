import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";

it("a failure beside an open handle is reported with its error, and the process ends", () => {
  const folder = mkdtempSync(join(tmpdir(), "failures-"));
  const lines = [
    'import { it } from "node:test";',
    ...Array.from({ length: 300 }, (_, index) => `it("passes ${index}", () => {});`),
    'it("fails", () => { throw new Error("the reason"); });',
    "setInterval(() => {}, 1000);",
  ];
  writeFileSync(join(folder, "planted.test.mjs"), lines.join("\n"));
  // The runner's own variable would make the process a part of this test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = [
    `--import=${join(import.meta.dirname, "exit.ts")}`,
    "--test",
    `--test-reporter=${join(import.meta.dirname, "failures.ts")}`,
    "--test-reporter-destination=stdout",
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
  ];
  const { stdout } = spawnSync(process.execPath, [...options, "planted.test.mjs"], {
    cwd: folder,
    encoding: "utf8",
    env,
    timeout: 60_000,
  });
  rmSync(folder, { recursive: true });
  assert.match(stdout, /^✖ \| fails \(planted\.test\.mjs:302\)\n✖ \| Error: the reason$/m);
  assert.match(stdout, /^ℹ pass 300$/m);
  assert.match(stdout, /^ℹ fail 1$/m);
});
