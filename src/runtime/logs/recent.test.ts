import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loggerOf } from "./logger.ts";
import { Recent, type RecentLine } from "./recent.ts";

const partner = { id: "partner", name: "partner-in-charon" };

function linesOf(recent: Recent, follow = false): RecentLine[] {
  const lines: RecentLine[] = [];
  recent.of(partner, follow).subscribe((line) => lines.push(line));
  return lines;
}

const said = (connection: string, text: string) => ({
  type: "logged" as const,
  connection,
  line: { group: "IKE", text },
});

describe("the last that was logged", () => {
  it("is told by connection, in the words of conditions", () => {
    const recent = new Recent();
    const log = loggerOf({ level: "info", format: "json" }, recent, { write: () => {} });
    log.info({ connection: "partner", state: "negotiating", reason: undefined }, "negotiating");
    log.warn(
      { connection: "partner", child: "lan", state: "failed", reason: "PeerRefused" },
      "no more children",
    );
    log.info({ connection: "bank", state: "established" }, "established");
    log.debug({ connection: "partner" }, "below the level");
    log.info("of nobody");
    recent.noteCharon(said("partner-in-charon", "initiating"), 1);
    recent.noteCharon(said("partner", "somebody else's"), 2);
    assert.deepEqual(
      linesOf(recent).map(({ from, text }) => `${from} ${text}`),
      [
        "ipman partner negotiating",
        "ipman partner/lan failed: PeerRefused: no more children",
        "charon [IKE] initiating",
      ],
    );
  });

  it("goes on for who follows, and is bounded", () => {
    const recent = new Recent();
    const lines = linesOf(recent, true);
    for (let i = 0; i < 25_000; i++) recent.noteCharon(said("partner-in-charon", String(i)), i);
    assert.equal(lines.length, 25_000);
    const kept = linesOf(recent);
    assert.ok(kept.length >= 5_000 && kept.length <= 10_000);
    assert.equal(kept.at(-1)?.at, 24_999);
  });
});
