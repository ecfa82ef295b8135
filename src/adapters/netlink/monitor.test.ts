import assert from "node:assert/strict";
import { constants } from "node:os";
import { describe, it } from "node:test";
import { encodeMessage } from "../../../test/simulator/kernel/transport.ts";
import { Rtm } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { linuxNetlink } from "../linux/netlink-transport.ts";
import { changedPart } from "./changed-part.ts";
import { monitor } from "./monitor.ts";

/** A monitor whose socket receives what a test sends: datagrams, or an error by its name. */
function monitored() {
  const received: (Buffer | keyof typeof constants.errno)[] = [];
  const state = { isOpen: false, isWatched: false, groups: [] as readonly number[] };
  let onReadable: () => void = () => {};
  const poller = {
    watch: (_: number, callback: () => void) => {
      onReadable = callback;
      state.isWatched = true;
      return () => {
        state.isWatched = false;
      };
    },
  };
  const transport = {
    ...linuxNetlink,
    subscribe: (_: string | undefined, __: number, groups: readonly number[]) => {
      Object.assign(state, { isOpen: true, groups });
      return {
        fd: 1,
        send: () => {},
        receive: (op: string) => {
          const next = received.shift() ?? "EAGAIN";
          if (typeof next === "string") throw new NetlinkError(op, constants.errno[next]);
          return next;
        },
        [Symbol.dispose]: () => {
          state.isOpen = false;
        },
      };
    },
  };
  const events: string[] = [];
  const subscription = monitor(poller, "gw", [1, 3], 0, transport).subscribe({
    next: (event) => events.push(event.lost ? "lost" : changedPart(event)),
    error: (error: unknown) => events.push(String(error)),
  });
  const send = (datagram: Buffer | keyof typeof constants.errno) => {
    received.push(datagram);
    onReadable();
  };
  return { events, send, state, subscription };
}

const message = (type: number) =>
  encodeMessage({ type, flags: 0, sequence: 0, body: Buffer.alloc(16) });

describe("a monitor", () => {
  it("emits every message of a datagram, in order", () => {
    const { events, send, state } = monitored();
    send(Buffer.concat([message(Rtm.newLink), message(Rtm.delRoute)]));
    send(message(Rtm.newNeigh));
    assert.deepEqual(events, ["links", "routes", "neighbours"]);
    assert.deepEqual(state.groups, [1, 3]);
  });

  it("leaves out a message that is cut short", () => {
    const { events, send } = monitored();
    send(Buffer.concat([message(Rtm.newLink), message(Rtm.newAddr).subarray(0, 20)]));
    assert.deepEqual(events, ["links"]);
  });

  it("reports that the kernel dropped messages, and continues", () => {
    const { events, send } = monitored();
    send("ENOBUFS");
    send(message(Rtm.newAddr));
    assert.deepEqual(events, ["lost", "addresses"]);
  });

  it("ignores a wakeup without a datagram", () => {
    const { events, send } = monitored();
    send("EAGAIN");
    send("EINTR");
    assert.deepEqual(events, []);
  });

  it("errors, and releases its socket, if the socket fails", () => {
    const { events, send, state } = monitored();
    send("EBADF");
    assert.deepEqual(events, ["NetlinkError: monitor: EBADF"]);
    assert.ok(!state.isOpen && !state.isWatched);
  });

  it("releases its socket when it is unsubscribed from", () => {
    const { state, subscription } = monitored();
    assert.ok(state.isOpen && state.isWatched);
    subscription.unsubscribe();
    assert.ok(!state.isOpen && !state.isWatched);
  });
});
