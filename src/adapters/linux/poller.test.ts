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
  it("goes on for all others when a callback throws, and reports what it threw", async () => {
    await using poller = new Poller();
    const [defective, sound] = [eventfd(), eventfd()];
    const errors: unknown[] = [];
    let calls = 0;
    const unwatch = [
      poller.watch(
        defective,
        () => {
          readSync(defective, Buffer.alloc(8));
          throw new Error("a planted defect");
        },
        (error) => errors.push(error),
      ),
      poller.watch(
        sound,
        () => {
          readSync(sound, Buffer.alloc(8));
          calls++;
        },
        unexpected,
      ),
    ];
    signal(defective);
    await eventually(() => assert.match(String(errors[0]), /a planted defect/));
    signal(sound);
    await eventually(() => assert.equal(calls, 1));
    for (const stop of unwatch) stop();
    closeSync(defective);
    closeSync(sound);
  });

  it("keeps nothing of a descriptor that it cannot watch", async () => {
    const before = openFiles();
    {
      await using poller = new Poller();
      assert.throws(() => poller.watch(-1, () => {}, unexpected), { code: "EBADF" });
      // With something left to wait for, its end would never come.
      await poller[Symbol.asyncDispose]();
    }
    assert.equal(openFiles(), before);
  });
});
