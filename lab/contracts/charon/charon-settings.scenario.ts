import assert from "node:assert/strict";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SettingsFile } from "../../../src/adapters/vici/settings-file.ts";
import { Charon } from "../../sites/charon.ts";
import { eventually } from "../../sites/shell.ts";

describe("a charon that includes ipman's settings file", () => {
  const resources = new AsyncDisposableStack();
  const folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? "/tmp", "settings-"));
  const path = join(folder, "charon.conf");
  let charon: Charon;

  before(async () => {
    writeFileSync(path, "# No settings yet.\n");
    const settings = [`include ${path}`];
    charon = resources.use(new Charon({ name: "set-charon", folder, settings }));
    await charon.start();
  });
  after(() => resources.disposeAsync());

  async function set(settings: Record<string, string>): Promise<void> {
    const session = await charon.session();
    await new SettingsFile(path, settings, (error) => assert.fail(String(error))).apply(session);
    session.close();
  }

  /** The number of log lines about a connection's options, which charon writes from level 2 on. */
  async function optionsLogged(): Promise<number> {
    const session = await charon.session();
    const lines = () => charon.log.match(/\[CFG\] .*rekey_time = /g)?.length ?? 0;
    const before = lines();
    await session.request("load-conn", { one: { version: "2", remote_addrs: ["10.9.9.9"] } });
    await session.request("unload-conn", { name: "one" });
    session.close();
    return lines() - before;
  }

  it("logs at the level that is set, until the setting is removed", async () => {
    assert.equal(await optionsLogged(), 0);
    await set({ "filelog.log.cfg": "2" });
    assert.notEqual(await optionsLogged(), 0);
    await set({});
    assert.equal(await optionsLogged(), 0);
  });

  it("still sends its log over VICI after a reload", async () => {
    const session = await charon.session();
    const events = session.events("log");
    await events.ready;
    await set({ "filelog.log.cfg": "0" });
    await optionsLogged();
    for await (const { message } of events) if (message.msg.includes("added vici")) break;
    session.close();
  });

  it("reads a quoted value unchanged", async () => {
    const odd = join(folder, String.raw`a "b" \ # { = }`);
    await set({ "filelog.odd.path": odd, "filelog.odd.default": "1" });
    await eventually(() => assert.ok(existsSync(odd), odd));
  });

  it("reads the settings at its start", async () => {
    await set({ "filelog.log.cfg": "2" });
    await charon.stop();
    await charon.start();
    assert.notEqual(await optionsLogged(), 0);
  });
});
