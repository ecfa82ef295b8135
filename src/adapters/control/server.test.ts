import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { EMPTY, finalize, interval, map, of } from "rxjs";
import { eventually } from "../../../lab/sites/shell.ts";
import { ask, askOnce } from "./client.ts";
import { encodeLine } from "./protocol.ts";
import { ControlServer } from "./server.ts";

describe("the control socket", () => {
  let folder: string;
  let path: string;
  let ended = 0;
  const flood = interval(0).pipe(
    map(() => "x".repeat(1_000_000)),
    finalize(() => void ended++),
  );

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "control-"));
    path = join(folder, "control.sock");
  });
  after(() => rmSync(folder, { recursive: true }));

  const listen = () =>
    ControlServer.listen(path, ({ op }) => {
      if (op === "flood") return flood;
      return op === "once" ? of("answer") : EMPTY;
    });

  it("is accessible to its owner only, and is removed with its server", async () => {
    await using server = await listen();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(await askOnce(path, { op: "once" }), "answer");
    await assert.rejects(listen(), /in use/);
    await server[Symbol.asyncDispose]();
    await assert.rejects(askOnce(path, { op: "once" }), /ipman does not answer/);
  });

  it("notices that its socket was removed, and does not remove one that took its place", async () => {
    const server = await listen();
    assert.ok(server.isPresent);
    rmSync(path);
    assert.ok(!server.isPresent);
    await using other = await listen();
    assert.ok(other.isPresent && !server.isPresent);
    await server[Symbol.asyncDispose]();
    assert.equal(await askOnce(path, { op: "once" }), "answer");
  });

  it("sends clients no control characters", async () => {
    const said = { id: "\u001b[2J", words: ["\u009b31m", "line\nline"] };
    const failing = join(folder, "failing.sock");
    await using _one = await ControlServer.listen(path, () => of(said));
    await using _other = await ControlServer.listen(failing, () => {
      throw new Error(said.id);
    });
    assert.deepEqual(await askOnce(path, { op: "status" }), {
      id: String.raw`\x1b[2J`,
      words: [String.raw`\x9b31m`, String.raw`line\x0aline`],
    });
    await assert.rejects(askOnce(failing, { op: "status" }), { message: String.raw`\x1b[2J` });
  });

  it("disconnects a client that does not read, and ends the results of a client that disconnects", async () => {
    await using _server = await listen();
    ended = 0;
    const unread = connect(path);
    unread.on("error", () => {});
    unread.write(encodeLine({ op: "flood" }));
    await once(unread, "connect");
    await eventually(() => assert.equal(ended, 1));
    unread.destroy();
    for await (const chunk of ask(path, { op: "flood" })) {
      assert.equal((chunk as string).length, 1_000_000);
      break;
    }
    await eventually(() => assert.equal(ended, 2));
  });
});
