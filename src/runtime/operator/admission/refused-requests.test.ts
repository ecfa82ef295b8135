import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import { Registry } from "prom-client";
import { RefusedRequests } from "./refused-requests.ts";

describe("refused requests", () => {
  it("are all counted, and reported by one line a minute with their number", async () => {
    const lines: { reason: string; from: string; count: number }[] = [];
    const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
    const registry = new Registry();
    let now = 0;
    const refused = new RefusedRequests(registry, log, () => now);
    for (let i = 0; i < 1_000; i++) {
      now += 100;
      refused.note(i % 2 === 0 ? "path" : "body", "10.0.0.7");
    }
    assert.deepEqual(
      lines.map(({ reason, from, count }) => [reason, from, count]),
      [
        ["path", "10.0.0.7", 1],
        ["path", "10.0.0.7", 600],
      ],
    );
    const text = await registry.metrics();
    assert.match(text, /refused_requests_total\{reason="path"\} 500/);
    assert.match(text, /refused_requests_total\{reason="busy"\} 0/);
  });
});
