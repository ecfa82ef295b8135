import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loggerOf } from "./logger.ts";
import { Recent } from "./recent.ts";

describe("the log", () => {
  it("has the same values, and nothing that a terminal acts upon", () => {
    const lines: string[] = [];
    const log = loggerOf("info", new Recent(), { write: (line) => void lines.push(line) });
    log.warn({ connection: "a\u009b2J" }, "\u001b[31m of user\u202etxt.exe");
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0]?.slice(0, -1) ?? "", /[\p{Cc}\p{Cf}]/u);
    const { connection, msg } = JSON.parse(lines[0] ?? "");
    assert.deepEqual([connection, msg], ["a\u009b2J", "\u001b[31m of user\u202etxt.exe"]);
  });
});
