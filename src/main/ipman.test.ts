import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const bin = join(import.meta.dirname, "../../bin");
const programs = readdirSync(bin).filter((name) => !name.endsWith(".js"));

/** A Node that takes itself for an older one. */
const older = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.1.0"})`;

describe("the programs", () => {
  for (const name of programs) {
    it(`say which Node they need where it is older: ${name}`, () => {
      const args = ["--import", older, join(bin, name), "--help"];
      const { stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
      assert.equal(stderr, "ipman needs Node 24.12 or later, and this is 20.1.0\n");
      assert.equal(status, 2);
    });
  }

  it("end in peace where their reader has left", () => {
    const command = `'${process.execPath}' '${join(bin, "ipman")}' crds | head -c 1`;
    const { stdout, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
    assert.deepEqual([stdout.length, stderr], [1, ""]);
  });
});
