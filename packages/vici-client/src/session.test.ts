import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PacketType } from "./packet.ts";
import { ScriptedCharon, send, type Received } from "./scripted-charon.fixture.ts";
import { connect } from "./session.ts";

/** Confirms registrations and passes commands to `replies`. */
function answering(replies: (request: Received) => void): ScriptedCharon {
  return new ScriptedCharon((request) => {
    if (request.type === PacketType.commandRequest) replies(request);
    else send(request.socket, PacketType.eventConfirm);
  });
}

const reply = (request: Received, message = {}) =>
  send(request.socket, PacketType.commandResponse, "", message);

describe("a session", () => {
  it("replies to requests in their order", async () => {
    await using charon = await answering((r) => reply(r, { echo: r.message["n"] })).listen();
    await using session = await connect({ path: charon.path });
    const answers = await Promise.all(
      ["1", "2", "3"].map((n) => session.request("any-command", { n })),
    );
    assert.deepEqual(answers, [{ echo: "1" }, { echo: "2" }, { echo: "3" }]);
  });

  it("sends a request after the reply to the one before", async () => {
    let open = 0;
    await using charon = await answering((r) => {
      assert.equal(++open, 1);
      setImmediate(() => {
        open--;
        reply(r);
      });
    }).listen();
    await using session = await connect({ path: charon.path });
    await Promise.all([session.request("a"), session.request("b"), session.request("c")]);
  });

  it("rejects with charon's message if charon refuses a request", async () => {
    await using charon = await answering((r) =>
      reply(r, { success: "no", errmsg: "unknown option: x" }),
    ).listen();
    await using session = await connect({ path: charon.path });
    await assert.rejects(session.request("load-conn", {}), {
      code: "refused",
      op: "load-conn",
      message: "load-conn: unknown option: x",
      retryable: false,
    });
  });

  it("rejects an unknown command and stays usable", async () => {
    await using charon = await answering((r) =>
      r.name === "version" ? reply(r, { version: "5" }) : send(r.socket, PacketType.commandUnknown),
    ).listen();
    await using session = await connect({ path: charon.path });
    await assert.rejects(session.request("nonsense"), { code: "unknown-command" });
    assert.equal((await session.request("version")).version, "5");
  });

  it("ends if charon does not reply in time, and rejects every request", async () => {
    await using charon = await answering(() => {}).listen();
    const session = await connect({ path: charon.path });
    const events = session.events("log");
    await events.ready;
    const waiting = session.request("second", {}, { deadlineMs: 1 });
    await Promise.all([
      assert.rejects(session.request("first"), { code: "closed" }),
      assert.rejects(waiting, { code: "timeout", retryable: true }),
      assert.rejects(events.next(), { code: "closed" }),
    ]);
    await assert.rejects(session.request("third"), { code: "closed" });
    assert.equal((await session.closed).code, "closed");
  });

  it("ends when charon closes the connection", async () => {
    await using charon = await answering((r) => r.socket.destroy()).listen();
    const session = await connect({ path: charon.path });
    await assert.rejects(session.request("version"), { code: "closed", retryable: true });
    await session.closed;
  });

  it("ends on bytes that are not VICI", async () => {
    await using charon = await answering((r) => r.socket.write(Buffer.alloc(8, 0xff))).listen();
    const session = await connect({ path: charon.path });
    await assert.rejects(session.request("version"), { code: "closed" });
  });

  it("rejects with code connect if there is no socket", async () => {
    await assert.rejects(connect({ path: "/nonexistent/vici" }), { code: "connect" });
  });

  it("streams the parts of a list and ends", async () => {
    await using charon = await answering((r) => {
      for (const n of ["1", "2"]) send(r.socket, PacketType.event, "list-sa", { [`c${n}`]: { n } });
      reply(r);
    }).listen();
    await using session = await connect({ path: charon.path });
    for (let round = 0; round < 2; round++) {
      const items = await Array.fromAsync(session.stream("list-sas"));
      assert.deepEqual(items, [{ c1: { n: "1" } }, { c2: { n: "2" } }]);
    }
    const registrations = charon.received.filter((r) => r.type === PacketType.eventRegister);
    assert.deepEqual(
      registrations.map((r) => r.name),
      ["list-sa"],
    );
  });

  it("keeps the parts of concurrent lists apart", async () => {
    await using charon = await answering((r) => {
      send(r.socket, PacketType.event, r.name.slice(0, -1), { from: r.name });
      reply(r);
    }).listen();
    await using session = await connect({ path: charon.path });
    const [sas, conns] = await Promise.all([
      Array.fromAsync(session.stream("list-sas")),
      Array.fromAsync(session.stream("list-conns")),
    ]);
    assert.deepEqual([sas, conns], [[{ from: "list-sas" }], [{ from: "list-conns" }]]);
  });

  it("stays usable when a list's reader leaves early", async () => {
    await using charon = await answering((r) => {
      for (const n of ["1", "2", "3"]) send(r.socket, PacketType.event, "list-sa", { n });
      reply(r, { done: "yes" });
    }).listen();
    await using session = await connect({ path: charon.path });
    for await (const _ of session.stream("list-sas")) break;
    assert.deepEqual(await session.request("version"), { done: "yes" });
  });

  it("rejects a list that charon does not finish", async () => {
    await using charon = await answering((r) => {
      send(r.socket, PacketType.event, "list-sa", { n: "1" });
      r.socket.end();
    }).listen();
    const session = await connect({ path: charon.path });
    await assert.rejects(Array.fromAsync(session.stream("list-sas")), { code: "closed" });
  });

  it("rejects a list that charon refuses", async () => {
    await using charon = await answering((r) =>
      reply(r, { success: "no", errmsg: "why" }),
    ).listen();
    await using session = await connect({ path: charon.path });
    await assert.rejects(Array.fromAsync(session.stream("list-sas")), { code: "refused" });
  });

  it("delivers events of the second socket to every reader of their name", async () => {
    await using charon = await answering((r) => reply(r)).listen();
    await using session = await connect({ path: charon.path });
    const first = session.events("log", "ike-updown");
    const second = session.events("log");
    await Promise.all([first.ready, second.ready]);
    const registered = charon.received.filter((r) => r.type === PacketType.eventRegister);
    assert.deepEqual(
      registered.map((r) => r.name),
      ["log", "ike-updown"],
    );
    const socket = (registered[0] as Received).socket;
    send(socket, PacketType.event, "log", { msg: "hello" });
    send(socket, PacketType.event, "ike-updown", { up: "yes" });
    assert.deepEqual((await first.next()).value, { name: "log", message: { msg: "hello" } });
    assert.deepEqual((await first.next()).value, { name: "ike-updown", message: { up: "yes" } });
    assert.deepEqual((await second.next()).value, { name: "log", message: { msg: "hello" } });
  });

  it("unregisters an event when its last reader leaves", async () => {
    const unregistered = Promise.withResolvers<string>();
    await using charon = await new ScriptedCharon((r) => {
      if (r.type === PacketType.eventUnregister) unregistered.resolve(r.name);
      send(r.socket, PacketType.eventConfirm);
    }).listen();
    await using session = await connect({ path: charon.path });
    const events = session.events("log");
    await events.ready;
    await events.return();
    assert.equal(await unregistered.promise, "log");
  });

  it("rejects an event that charon does not have", async () => {
    await using charon = await new ScriptedCharon((r) => {
      send(r.socket, PacketType.eventUnknown);
    }).listen();
    await using session = await connect({ path: charon.path });
    const events = session.events("alert");
    await assert.rejects(events.ready, { code: "unknown-event" });
    await assert.rejects(events.next(), { code: "unknown-event" });
  });

  it("refuses a request above 512 KiB without sending it", async () => {
    await using charon = await answering((r) => reply(r)).listen();
    await using session = await connect({ path: charon.path });
    const list = Array.from({ length: 9 }, () => "x".repeat(65_000));
    await assert.rejects(session.request("load-conn", { c: { list } }), { code: "too-large" });
    await session.request("version");
  });
});
