import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutNoise } from "./noise.ts";

const klog =
  'E1127 00:25:25.123456   12345 memcache.go:265] "Unhandled Error" err="connection refused"';

describe("kubectl's messages", () => {
  it("have no lines of klog beside others", () => {
    const refused = "The connection to the server localhost:8080 was refused";
    assert.equal(withoutNoise(`${klog}\n${klog}\n${refused}\n`), refused);
  });

  it("have the text of klog if no other line names the cause", () => {
    assert.equal(withoutNoise(`${klog}\n`), '"Unhandled Error" err="connection refused"');
  });

  it("are one line", () => {
    assert.equal(withoutNoise("error: a\n\nsee b\n"), "error: a; see b");
  });

  it("keep lines that only look alike", () => {
    const line = "Error from server (NotFound): E1127 not found";
    assert.equal(withoutNoise(line), line);
  });
});
