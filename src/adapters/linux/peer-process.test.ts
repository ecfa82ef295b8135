import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { peerProcess } from "./peer-process.ts";

const listener = `
require("node:net").createServer().listen(process.argv[1], () => console.log("listens"));
process.stdin.on("end", () => process.exit()).resume();`;

describe("the process that listens on a socket", () => {
  const folder = mkdtempSync(join(tmpdir(), "ipman-peer-"));
  after(() => rmSync(folder, { recursive: true }));

  it("is found with its network namespace", async () => {
    const path = join(folder, "socket");
    const child = spawn(process.execPath, ["-e", listener, path], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      await once(child.stdout, "data");
      assert.deepEqual(peerProcess(path), { namespace: `/proc/${child.pid}/ns/net` });
    } finally {
      child.stdin.end();
      await once(child, "exit");
    }
  });
});
