import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { describe, it } from "node:test";
import { describeError, errorText } from "./error-text.ts";

describe("an error of the operating system", () => {
  it("is described by its file", () => {
    const error = caught(() => readFileSync("/nonexistent"));
    assert.equal(describeError(error), "/nonexistent: no such file or folder");
    assert.equal(errorText(error), "no such file or folder");
    assert.equal(errorText(caught(() => readFileSync("/"))), "is a folder");
  });

  it("is described by its address", async (t) => {
    const first = createServer().listen(0, "127.0.0.1");
    t.after(() => first.close());
    await once(first, "listening");
    const { port } = first.address() as { port: number };
    const second = createServer().listen(port, "127.0.0.1");
    const [error] = await once(second, "error");
    const text = `127.0.0.1:${port}: the address is in use by another process`;
    assert.equal(describeError(error), text);
  });

  it("keeps the message of every other error", () => {
    const error = Object.assign(new Error("refused by charon"), { code: "constructor" });
    assert.equal(describeError(error), "refused by charon");
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
