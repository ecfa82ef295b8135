import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Reason } from "../../src/model/status/failure.ts";
import { pathNamed } from "../../src/runtime/actors/snapshots.ts";
import { childless, warm, type Harness } from "./several-paths-harness.ts";

const backupOf = ({ snapshot }: Harness) => pathNamed(snapshot(), "backup")?.getSnapshot();

describe("a warm standby in a loop", () => {
  it("can take over while its peer ends each IKE SA, but not while charon loses its connection", async () => {
    const made = await warm();
    for (let count = 0; count < 5; count++) {
      await made.list("backup");
      await made.list("backup", childless());
    }
    await made.list("backup");
    assert.equal(backupOf(made)?.context.failure?.reason, Reason.LoopDetected);
    assert.deepEqual(made.snapshot().context.choice.ready, ["main", "backup"]);
    const other = await warm();
    await other.list("backup");
    for (let count = 0; count < 5; count++) {
      await other.wait(120_000);
      await other.send({ type: "configuration.lost", path: "backup" });
    }
    assert.equal(backupOf(other)?.context.failure?.reason, Reason.LoopDetected);
    assert.deepEqual(other.snapshot().context.choice.ready, ["main"]);
  });
});
