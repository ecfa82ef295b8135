import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstValueFrom, Subject } from "rxjs";
import type { ConnectionActor } from "../../machines/connection/connection.ts";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { move } from "./move-command.ts";

const two = connectionOf({
  paths: [{ name: "main" }, { name: "backup", remoteAddr: "192.0.2.9" }],
});
const view = (path: string, state: string) => ({ path, state, failure: undefined, carried: [] });

/** A connection whose actor is in this situation, and is asked for a move. */
function situation(connection = two, changes: object = {}) {
  const context = {
    connection,
    active: "main",
    dialled: undefined as string | undefined,
    dials: true,
    choice: { leaving: [] as readonly string[] },
    paths: [view("main", "established"), view("backup", "negotiating")],
    ...changes,
  };
  const sent: object[] = [];
  const root = {
    getSnapshot: () => ({ context }),
    send: (event: object) => {
      sent.push(event);
      context.dialled = "backup";
    },
  } as unknown as ConnectionActor;
  const changed = new Subject<void>();
  const running = { roots: new Map([["site", root]]), changes: changed };
  return { context, sent, changed, running };
}

describe("the command to move", () => {
  it("is done once the target is active and up", async () => {
    const { context, sent, changed, running } = situation();
    const outcome = firstValueFrom(move(running, "site"));
    assert.deepEqual(sent, [{ type: "move", path: "backup" }]);
    changed.next();
    Object.assign(context, { active: "backup", dialled: undefined });
    changed.next();
    context.paths = [view("main", "established"), view("backup", "established")];
    changed.next();
    assert.deepEqual(await outcome, {
      connection: "site",
      done: true,
      message: "has the active path backup",
    });
  });

  it("has failed once the target is not dialled any longer", async () => {
    const { context, changed, running } = situation();
    const outcome = firstValueFrom(move(running, "site", "backup"));
    context.dialled = undefined;
    changed.next();
    const { done, message } = await outcome;
    assert.equal(done, false);
    assert.equal(message, "stays on the path main, since backup did not come up");
  });

  it("does nothing for the active path, and while charon is away", async () => {
    const { sent, running } = situation();
    assert.equal((await firstValueFrom(move(running, "site", "main"))).done, true);
    const away = situation(two, { dials: false });
    const { done, message } = await firstValueFrom(move(away.running, "site", "backup"));
    assert.equal(done, false);
    assert.match(message, /charon does not answer/);
    assert.deepEqual([...sent, ...away.sent], []);
  });

  it("does nothing for a path whose group leaves", async () => {
    const { sent, running } = situation(two, { choice: { leaving: ["backup"] } });
    const { done, message } = await firstValueFrom(move(running, "site", "backup"));
    assert.equal(done, false);
    assert.match(message, /stays on the path main: the node of backup is cordoned/);
    assert.deepEqual(sent, []);
  });

  it("names the paths if the wanted one does not exist, or only one does", () => {
    const { running } = situation();
    assert.throws(() => move(running, "site", "third"), /has no path "third"; it has main, backup/);
    const alone = situation(connectionOf()).running;
    assert.throws(() => move(alone, "site"), /has one path, so it cannot move/);
    assert.throws(() => move(alone, "site", "backup"), /has no path "backup"; it has main/);
  });
});
