import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isText, loggerOf, type LogFormat } from "./logger.ts";
import { LogBuffer } from "./log-buffer.ts";

/** The line that a log in the given format writes for one warning. */
function written(format: LogFormat, fields: object, message: string): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  loggerOf({ level: "info", format }, new LogBuffer(), destination).warn(fields, message);
  assert.equal(lines.length, 1);
  return lines[0] ?? "";
}

describe("the log", () => {
  it("has the same values as JSON, without characters that control a terminal", () => {
    const line = written("json", { connection: "a\u009b2J" }, "\u001b[31m of user\u202etxt.exe");
    assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}]/u);
    const { connection, msg } = JSON.parse(line);
    assert.deepEqual([connection, msg], ["a\u009b2J", "\u001b[31m of user\u202etxt.exe"]);
  });

  it("has ISO times", () => {
    const { time } = JSON.parse(written("json", {}, "runs"));
    assert.equal(new Date(time).toISOString(), time);
    assert.match(written("text", {}, "runs"), /^\d{4}-\d\d-\d\dT[\d:.]+Z warn/);
  });

  it("is text on a terminal and JSON elsewhere, unless the user chooses", () => {
    assert.deepEqual([isText("auto", true), isText("auto", false)], [true, false]);
    assert.deepEqual([isText("json", true), isText("text", false)], [false, true]);
  });
});
