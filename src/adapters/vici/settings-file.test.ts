import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Session } from "vici-client";
import { SettingsFile } from "./settings-file.ts";

const unexpected = (error: unknown): never => assert.fail(String(error));

describe("the file with charon's settings", () => {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "shared", "charon.conf");

  /** A session that records commands and rejects the first ones. */
  const session = (asked: string[], refusals = 0) =>
    ({
      request: (command: string) => {
        asked.push(command);
        if (asked.length <= refusals) return Promise.reject(new Error("not now"));
        return Promise.resolve({ success: "yes" });
      },
    }) as unknown as Session;

  it("is loaded once by a running charon", async () => {
    const asked: string[] = [];
    const file = new SettingsFile(path, { threads: "8" }, unexpected);
    await file.apply(session(asked));
    assert.match(readFileSync(path, "utf8"), /^threads = "8"$/m);
    await file.apply(session(asked));
    assert.deepEqual(asked, ["reload-settings"]);
  });

  it("is loaded by the next charon if one refused it, which is reported", async () => {
    const asked: string[] = [];
    const troubles: unknown[] = [];
    const file = new SettingsFile(path, {}, (error) => troubles.push(error));
    await file.apply(session(asked, 1));
    await file.apply(session(asked, 1));
    assert.deepEqual(asked, ["reload-settings", "reload-settings"]);
    assert.deepEqual(troubles.map(String), ["Error: charon did not apply its settings: not now"]);
  });
});
