import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { textLine } from "./text-line.ts";

const time = "2026-11-27T00:25:25.123Z";
const line = (fields: object) => textLine(`${JSON.stringify({ level: 30, time, ...fields })}\n`);

describe("a log line as text", () => {
  it("has time, level, subject, message and all other fields", () => {
    assert.equal(
      line({
        connection: "partner",
        child: "lan",
        state: "failed",
        reason: "NoAnswer",
        msg: "the peer is silent",
      }),
      `${time} info  partner/lan: the peer is silent state=failed reason=NoAnswer\n`,
    );
  });

  it("does not repeat a state that is the message", () => {
    assert.equal(
      line({ connection: "partner", state: "established", msg: "established" }),
      `${time} info  partner: established\n`,
    );
  });

  it("quotes values that are not one word", () => {
    assert.equal(
      line({ msg: "runs", folder: "/a b", size: 3 }),
      `${time} info  runs folder="/a b" size=3\n`,
    );
  });

  it("has the stack of an error below", () => {
    const stack = "Error: broken\n    at a (b.ts:1)\n    at \u001b[2J";
    const lines = line({ msg: "broken", err: { type: "Error", stack } }).split("\n");
    assert.deepEqual(lines, [
      `${time} info  broken`,
      "      at a (b.ts:1)",
      String.raw`      at \x1b[2J`,
      "",
    ]);
  });

  it("is one line without characters that control a terminal", () => {
    const text = line({ connection: "a\u001b[2J", msg: "b\nc", reason: "d\n e" });
    assert.doesNotMatch(text.slice(0, -1), /[\p{Cc}]/u);
    assert.match(text, /a\\x1b\[2J: b\\x0ac reason=/);
  });
});
