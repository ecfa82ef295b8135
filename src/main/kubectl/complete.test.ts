import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";
import { commands } from "./commands.ts";

const program = join(import.meta.dirname, "../../../bin/kubectl_complete-ipman");

it("kubectl_complete-ipman answers kubectl in the format of cobra", () => {
  const { stdout } = spawnSync(program, [""], { encoding: "utf8" });
  const listed = Object.entries(commands).map(([name, { summary }]) => `${name}\t${summary}`);
  assert.deepEqual(stdout.trim().split("\n"), [...listed, "help\texplain a command", ":4"]);
});
