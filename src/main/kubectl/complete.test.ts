import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { candidates, commandNames } from "./complete.ts";

const bin = join(import.meta.dirname, "../../../bin");
const connections = async () => ["partner", "bank"];

describe("the completion of kubectl ipman", () => {
  for (const [words, found] of [
    [["de"], ["describe"]],
    [
      ["describe", ""],
      ["partner", "bank"],
    ],
    [["diagnose", "ba"], ["bank"]],
    [["diagnose", "bank", "--r"], ["--rekey"]],
    [["status", ""], []],
    [["nothing", ""], []],
    [["constructor", ""], []],
  ] as const) {
    it(`of "${words.join(" ")}" is ${found.join(", ") || "nothing"}`, async () => {
      assert.deepEqual(await candidates(words, connections), found);
    });
  }

  it("is what kubectl asks for, and knows every command that the help has", () => {
    const { stdout } = spawnSync(join(bin, "kubectl_complete-ipman"), [""], { encoding: "utf8" });
    assert.deepEqual(stdout.trim().split("\n"), [...commandNames, ":4"]);
    const { stdout: help } = spawnSync(join(bin, "kubectl-ipman"), ["--help"], {
      encoding: "utf8",
    });
    const named = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? "");
    assert.deepEqual(named.toSorted(), commandNames.toSorted());
  });
});
