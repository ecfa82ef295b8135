import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ViciServer } from "./server.ts";
import { connect, type Session } from "./session.ts";

const folder = mkdtempSync(join(tmpdir(), "vici-"));
const path = join(folder, "vici");

describe("a VICI server", () => {
  let server: ViciServer;
  let session: Session;

  before(async () => {
    server = new ViciServer({
      events: new Set(["list-item", "alert"]),
      request: (command, message, part) => {
        if (command === "echo") return message;
        if (command !== "list-items") return undefined;
        for (const n of ["1", "2"]) part("list-item", { n });
        return {};
      },
    });
    await server.listen(path);
    session = await connect({ path });
  });
  after(async () => {
    session.close();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it("replies to commands and reports unknown ones", async () => {
    assert.deepEqual(await session.request("echo", { a: ["b"] }), { a: ["b"] });
    await assert.rejects(session.request("nothing"), { code: "unknown-command" });
  });

  it("sends the parts of a list to the client that requested it", async () => {
    assert.deepEqual(await Array.fromAsync(session.stream("list-items")), [{ n: "1" }, { n: "2" }]);
  });

  it("publishes events only to clients that registered for them", async () => {
    await assert.rejects(session.events("unknown").ready, { code: "unknown-event" });
    const events = session.events("alert");
    await events.ready;
    server.publish("alert", { n: "1" });
    assert.deepEqual((await events.next()).value, { name: "alert", message: { n: "1" } });
  });

  it("disconnects a client that does not speak VICI", async () => {
    const stranger = connectSocket({ path });
    const gone = new Promise((resolve) => stranger.once("close", resolve));
    stranger.write(Buffer.alloc(8, 0xff));
    await gone;
  });
});
