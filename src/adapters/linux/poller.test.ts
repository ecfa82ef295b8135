import assert from "node:assert/strict";
import { closeSync, readdirSync, readSync, writeSync } from "node:fs";
import { describe, it } from "node:test";
import { eventually } from "../../../lab/sites/shell.ts";
import { Sock } from "./constants.ts";
import { checked, libc } from "./libc.ts";
import { Poller } from "./poller.ts";

const eventfd = () => checked("eventfd", libc.eventfd(0, Sock.cloexec | Sock.nonblock));
const signal = (fd: number) => writeSync(fd, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
const unexpected = (error: unknown): never => assert.fail(String(error));
const openFiles = () => readdirSync("/proc/self/fd").length;

describe("a poller", () => {
  it("reports what a callback throws and keeps watching the other descriptors", async () => {
    await using poller = new Poller();
    const [faulty, working] = [eventfd(), eventfd()];
    const errors: unknown[] = [];
    let calls = 0;
    const unwatch = [
      poller.watch(
        faulty,
        () => {
          readSync(faulty, Buffer.alloc(8));
          throw new Error("a planted fault");
        },
        (error) => errors.push(error),
      ),
      poller.watch(
        working,
        () => {
          readSync(working, Buffer.alloc(8));
          calls++;
        },
        unexpected,
      ),
    ];
    signal(faulty);
    await eventually(() => assert.match(String(errors[0]), /a planted fault/));
    signal(working);
    await eventually(() => assert.equal(calls, 1));
    for (const stop of unwatch) stop();
    closeSync(faulty);
    closeSync(working);
  });

  it("keeps no descriptor open after one that it cannot watch", async () => {
    const before = openFiles();
    {
      await using poller = new Poller();
      assert.throws(() => poller.watch(-1, () => {}, unexpected), { code: "EBADF" });
      // Disposal would never end while a wait is in progress.
      await poller[Symbol.asyncDispose]();
    }
    assert.equal(openFiles(), before);
  });
});
