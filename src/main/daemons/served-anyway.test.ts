import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { isDiskFailure, isPortFailure, servedAnyway } from "./served-anyway.ts";

const failing = (code: string) => Object.assign(new Error(code), { code });

/** A server whose attempts to listen have these answers, and whose events are recorded. */
function serverOf(...answers: (Error | undefined)[]) {
  const events: string[] = [];
  const state = { isPresent: true };
  const listen = async () => {
    const answer = answers.shift();
    if (answer !== undefined) throw answer;
    events.push("listens");
    return { [Symbol.asyncDispose]: async () => void events.push("ends") };
  };
  const onTrouble = (error: unknown) => void events.push((error as Error).message);
  const removal = {
    isPresent: () => state.isPresent,
    onRemoved: () => void events.push("restores"),
  };
  return { events, state, service: { listen, mayPass: isDiskFailure, onTrouble, removal } };
}

/** Lets the timers and what they start run. */
async function pass(t: TestContext, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    t.mock.timers.tick(1_000);
    await new Promise(setImmediate);
  }
}

describe("a server with a socket in a folder", () => {
  it("starts once the disk is writable, and the process runs without it until then", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { events, service } = serverOf(failing("ENOSPC"), failing("EROFS"), undefined);
    const server = await servedAnyway(service);
    await pass(t, 6);
    assert.deepEqual(events, ["ENOSPC", "EROFS", "listens"]);
    await server[Symbol.asyncDispose]();
    assert.equal(events.at(-1), "ends");
  });

  it("reports the same failure once, however often it recurs", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const full = Array.from({ length: 20 }, () => failing("ENOSPC"));
    const { events, service } = serverOf(...full);
    await using _server = await servedAnyway(service);
    await pass(t, 120);
    assert.deepEqual(events, ["ENOSPC"]);
  });

  it("is not retried once the process ends", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { events, service } = serverOf(failing("ENOSPC"), undefined);
    const server = await servedAnyway(service);
    await server[Symbol.asyncDispose]();
    await pass(t, 60);
    assert.deepEqual(events, ["ENOSPC"]);
  });

  it("keeps a second process from starting with the same folder", async () => {
    const { service } = serverOf(new Error("in use: another ipman runs with this folder"));
    await assert.rejects(servedAnyway(service), /another ipman runs/);
  });

  it("starts again after another program removed it, even if that fails at first", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const inUse = new Error("in use");
    const { events, state, service } = serverOf(undefined, inUse, undefined);
    const server = await servedAnyway(service);
    await pass(t, 10);
    assert.deepEqual(events, ["listens"]);
    state.isPresent = false;
    await pass(t, 2);
    state.isPresent = true;
    await pass(t, 10);
    assert.deepEqual(events, ["listens", "ends", "restores", "in use", "listens"]);
    await server[Symbol.asyncDispose]();
    await pass(t, 10);
    assert.equal(events.at(-1), "ends");
  });
});

describe("a server on a port", () => {
  for (const code of ["EADDRINUSE", "EADDRNOTAVAIL", "EACCES"])
    it(`comes once the address is free after ${code}`, async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const { events, service } = serverOf(failing(code), undefined);
      await using _server = await servedAnyway({ ...service, mayPass: isPortFailure });
      await pass(t, 2);
      assert.deepEqual(events, [code, "listens"]);
    });
});
