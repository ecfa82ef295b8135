import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { childSpec, connectionSpec } from "../../../lab/sites/manifests.ts";
import { openedCharon } from "../../../test/simulator/opened-charon.ts";
import { messageFromConnection } from "../../model/charon/vici-message.ts";
import { connectionFromCr } from "../../model/validation/connection-from-cr.ts";
import type { Charon } from "./charon.ts";

function connection(name: string, changes: object = {}) {
  const result = connectionFromCr(connectionSpec(name, changes));
  assert.ok(result.ok);
  return result.value;
}

const load = (charon: Charon, one: ReturnType<typeof connection>) =>
  charon.load(one, Buffer.from("key"), messageFromConnection(one));

/** An open session with a simulated charon, into which these connections are loaded. */
async function loaded(t: TestContext, ...names: string[]) {
  const { charon, simulated } = await openedCharon(t, { peer: () => "answers" });
  for (const name of names) await load(charon, connection(name));
  return { charon, simulated };
}

describe("connections that ipman loaded", () => {
  it("are lost if charon has no such name, no such key or another content", async (t) => {
    const { charon, simulated } = await loaded(t, "a", "b", "c", "d");
    assert.deepEqual(await charon.lost(), []);
    simulated.conns.delete("a");
    simulated.keys.delete("ipman:b");
    simulated.conns.set("c", { ...simulated.conns.get("c"), remote_addrs: ["192.0.2.99"] });
    assert.deepEqual(await charon.lost(), ["a", "b", "c"]);
    for (const name of ["a", "b", "c"]) await load(charon, connection(name));
    assert.deepEqual(await charon.lost(), []);
  });

  it("are not loaded again if charon has them, but their keys are", async (t) => {
    const { charon, simulated } = await loaded(t, "a");
    const asked = (command: string) => simulated.asked.get(command);
    simulated.keys.clear();
    await load(charon, connection("a"));
    assert.ok(simulated.keys.has("ipman:a"));
    assert.deepEqual([asked("load-conn"), asked("load-shared")], [1, 2]);
    await load(charon, connection("a", { children: { "child-3": childSpec(3) } }));
    assert.equal(asked("load-conn"), 2);
  });

  it("keep their SAs if another program replaced them by one with another address", async (t) => {
    const { charon, simulated } = await loaded(t, "a");
    await charon.initiate("a", "child-2");
    simulated.conns.set("a", { ...simulated.conns.get("a"), remote_addrs: ["192.0.2.99"] });
    const { outdated } = await load(charon, connection("a"));
    assert.deepEqual(outdated, []);
  });

  it("are not lost while they are loaded or unloaded", async (t) => {
    const { charon, simulated } = await loaded(t, "a", "b");
    simulated.conns.clear();
    const lost = charon.lost();
    await Promise.all([load(charon, connection("a")), charon.unload("b")]);
    assert.deepEqual(await lost, []);
  });

  it("are unknown to the next session", async (t) => {
    const { charon, simulated } = await loaded(t, "a");
    await charon.open();
    simulated.conns.clear();
    assert.deepEqual(await charon.lost(), []);
  });

  it("are compared by name and key all at once", async (t) => {
    const names = Array.from({ length: 10 }, (_, i) => `conn-${i}`);
    const { charon, simulated } = await loaded(t, ...names);
    simulated.conns.clear();
    assert.deepEqual(await charon.lost(), names);
    for (const name of names) await load(charon, connection(name));
    simulated.keys.clear();
    assert.deepEqual(await charon.lost(), names);
  });

  it("are read a few at a time, each of them in turn", async (t) => {
    const names = Array.from({ length: 10 }, (_, i) => `conn-${i}`);
    const { charon, simulated } = await loaded(t, ...names);
    for (const name of names)
      simulated.conns.set(name, { ...simulated.conns.get(name), remote_addrs: ["192.0.2.99"] });
    const found = [await charon.lost(), await charon.lost(), await charon.lost()];
    assert.deepEqual(
      found.map(({ length }) => length),
      [4, 4, 4],
    );
    assert.equal(new Set(found.flat()).size, names.length);
  });
});
