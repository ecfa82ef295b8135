import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Subject } from "rxjs";
import type { PresenceChange } from "./beat-exchange.ts";
import { logPresences, RefusedBeatsLog } from "./beats-log.ts";

describe("the log of beats", () => {
  it("has a line a minute for each cause, with the number since the last one", () => {
    const lines: object[] = [];
    let now = 0;
    const log = new RefusedBeatsLog({ warn: (fields: object) => lines.push(fields) } as never, {
      elapsed: () => now,
    });
    for (; now < 60_000; now += 1_000) log.count("received", "forged");
    log.count("received", "forged");
    log.count("received", "flood");
    assert.deepEqual(lines, [
      { direction: "received", result: "forged", count: 1 },
      { direction: "received", result: "forged", count: 60 },
      { direction: "received", result: "flood", count: 1 },
    ]);
  });

  it("has no line for beats that are accepted, or refused at each restart of a peer", () => {
    const log = new RefusedBeatsLog({ warn: () => assert.fail("a line") } as never);
    for (const result of ["accepted", "unproven", "replayed", "unknown_sender"] as const)
      log.count("received", result);
  });

  it("has a line when a peer is lost and when it is back", () => {
    const presences = new Subject<PresenceChange>();
    const lines: string[] = [];
    const line = (level: string) => (_: object, message: string) =>
      lines.push(`${level} ${message}`);
    logPresences({ warn: line("warn"), info: line("info") } as never, { presences });
    presences.next({ group: "node:b", presence: "absent" });
    presences.next({ group: "node:b", presence: "present" });
    assert.deepEqual(lines, [
      "warn the agent of the group is absent",
      "info the agent of the group is heard",
    ]);
  });
});
