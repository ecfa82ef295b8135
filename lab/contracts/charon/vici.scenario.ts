import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Session, ViciError } from "vici-client";
import { Charon } from "../../sites/charon.ts";

describe("vici-client and a real charon", () => {
  const resources = new AsyncDisposableStack();
  let charon: Charon;
  let session: Session;

  before(async () => {
    const folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? "/tmp", "vici-"));
    charon = resources.use(new Charon({ name: "contract-charon", folder }));
    await charon.start();
    session = await charon.session();
    resources.defer(() => session.close());
  });
  after(() => resources.disposeAsync());

  const conn = (name: string) => ({
    [name]: {
      remote_addrs: ["192.0.2.1"],
      local: { auth: "psk", id: "a" },
      remote: { auth: "psk", id: "b" },
      children: { net: { remote_ts: ["10.9.0.0/16"], start_action: "none" } },
    },
  });

  it("replies to queries", async () => {
    const version = await session.request("version");
    assert.match(version.version, /^\d+\.\d+/);
    assert.ok("uptime" in (await session.request("stats")));
    assert.ok("encryption" in (await session.request("get-algorithms")));
  });

  it("loads, lists and unloads connections", async () => {
    await session.request("load-conn", conn("one"));
    await session.request("load-conn", conn("two"));
    assert.deepEqual((await session.request("get-conns")).conns.toSorted(), ["one", "two"]);
    const listed = await Array.fromAsync(session.stream("list-conns"));
    assert.deepEqual(listed.flatMap(Object.keys).toSorted(), ["one", "two"]);
    await session.request("unload-conn", { name: "one" });
    await session.request("unload-conn", { name: "two" });
    assert.deepEqual((await session.request("get-conns")).conns, []);
  });

  it("stores secrets by id", async () => {
    const secret = { id: "ipman:x", type: "IKE", data: "s3cret", owners: ["b"] };
    await session.request("load-shared", secret);
    await session.request("load-shared", secret);
    assert.deepEqual((await session.request("get-shared")).keys, ["ipman:x"]);
    await session.request("unload-shared", { id: "ipman:x" });
    await session.request("unload-shared", { id: "ipman:x" });
    assert.deepEqual((await session.request("get-shared")).keys, []);
  });

  it("refuses an invalid request with a message", async () => {
    const wrong = { bad: { ...conn("bad")["bad"], no_such_option: "1" } };
    await assert.rejects(session.request("load-conn", wrong), (error: ViciError) => {
      assert.equal(error.code, "refused");
      assert.match(error.message, /unknown option: no_such_option, config discarded/);
      return true;
    });
  });

  it("rejects unknown commands and events", async () => {
    await assert.rejects(session.request("no-such-command"), { code: "unknown-command" });
    const events = session.events("no-such-event");
    await assert.rejects(events.ready, { code: "unknown-event" });
  });

  it("replies at once to an initiate with timeout -1, and logs its progress", async () => {
    await session.request("load-conn", conn("dead"));
    const events = session.events("log");
    await events.ready;
    await session.request("initiate", { ike: "dead", child: "net", timeout: "-1" });
    for await (const { message } of events) {
      if (message["ikesa-name"] === "dead" && /initiating IKE_SA/.test(message.msg)) break;
    }
    const sas = await Array.fromAsync(session.stream("list-sas", { ike: "dead" }));
    assert.equal(sas[0]?.["dead"]?.state, "CONNECTING");
    await session.request("terminate", { ike: "dead", force: "yes" });
  });

  it("sends the parts of a list only to the client that requested it", async () => {
    await session.request("load-conn", conn("mine"));
    const other = await charon.session();
    await Array.fromAsync(other.stream("list-conns"));
    const [mine, theirs] = await Promise.all([
      Array.fromAsync(session.stream("list-conns")),
      Array.fromAsync(other.stream("list-conns")),
    ]);
    assert.deepEqual(mine, theirs);
    other.close();
  });

  it("ends the session when charon ends", async () => {
    const gone = await charon.session();
    await charon.stop("SIGKILL");
    assert.equal((await gone.closed).code, "closed");
    await charon.start();
    session = await charon.session();
  });
});
