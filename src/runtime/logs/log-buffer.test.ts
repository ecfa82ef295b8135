import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loggerOf } from "./logger.ts";
import { LogBuffer, type BufferedLine } from "./log-buffer.ts";

const partner = { id: "partner", name: "partner-in-charon" };

function linesOf(logBuffer: LogBuffer, follow = false): BufferedLine[] {
  const lines: BufferedLine[] = [];
  logBuffer.of(partner, follow).subscribe((line) => lines.push(line));
  return lines;
}

const said = (connection: string, text: string) => ({
  type: "logged" as const,
  connection,
  line: { group: "IKE", text },
});

describe("the log buffer", () => {
  it("returns the lines of one connection, with state, reason and message", () => {
    const logBuffer = new LogBuffer();
    const log = loggerOf({ level: "info", format: "json" }, logBuffer, { write: () => {} });
    log.info({ connection: "partner", state: "negotiating", reason: undefined }, "negotiating");
    log.warn(
      { connection: "partner", child: "lan", state: "failed", reason: "PeerRefused" },
      "no more children",
    );
    log.info({ connection: "bank", state: "established" }, "established");
    log.debug({ connection: "partner" }, "below the level");
    log.info("of no connection");
    logBuffer.noteCharon(said("partner-in-charon", "initiating"), 1);
    logBuffer.noteCharon(said("partner", "of another connection"), 2);
    logBuffer.noteCharon(said("partner-in-charon/backup", "of another path"), 3);
    logBuffer.noteCharon(said("partner-in-charon-2", "of another connection"), 4);
    assert.deepEqual(
      linesOf(logBuffer).map(({ from, text }) => `${from} ${text}`),
      [
        "ipman partner negotiating",
        "ipman partner/lan failed: PeerRefused: no more children",
        "charon [IKE] initiating",
        "charon [IKE] of another path",
      ],
    );
  });

  it("emits later lines to a follower, and is bounded", () => {
    const logBuffer = new LogBuffer();
    const lines = linesOf(logBuffer, true);
    for (let i = 0; i < 25_000; i++) logBuffer.noteCharon(said("partner-in-charon", String(i)), i);
    assert.equal(lines.length, 25_000);
    const kept = linesOf(logBuffer);
    assert.ok(kept.length >= 5_000 && kept.length <= 10_000);
    assert.equal(kept.at(-1)?.at, 24_999);
  });
});
