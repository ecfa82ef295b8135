import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { servedAnyway } from "./served-anyway.ts";

const failing = (code: string) => Object.assign(new Error(code), { code });

describe("a server with a socket in a folder", () => {
  it("starts once the disk is writable, and the process runs without it until then", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const answers = [failing("ENOSPC"), failing("EROFS"), undefined];
    const events: string[] = [];
    const listen = async () => {
      const answer = answers.shift();
      if (answer !== undefined) throw answer;
      events.push("listens");
      return { [Symbol.asyncDispose]: async () => void events.push("ends") };
    };
    const server = await servedAnyway(listen, (error) => events.push((error as Error).message));
    for (let i = 0; i < 3; i++) {
      t.mock.timers.tick(2_000);
      await new Promise(setImmediate);
    }
    assert.deepEqual(events, ["ENOSPC", "EROFS", "listens"]);
    await server[Symbol.asyncDispose]();
    assert.equal(events.at(-1), "ends");
  });

  it("is not retried once the process ends", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let attempts = 0;
    const listen = async (): Promise<never> => {
      attempts++;
      throw failing("ENOSPC");
    };
    const server = await servedAnyway(listen, () => {});
    await server[Symbol.asyncDispose]();
    t.mock.timers.tick(60_000);
    assert.equal(attempts, 1);
  });

  it("keeps a second process from starting with the same folder", async () => {
    const listen = () => Promise.reject(new Error("in use: another ipman runs with this folder"));
    await assert.rejects(
      servedAnyway(listen, () => {}),
      /another ipman runs/,
    );
  });
});
