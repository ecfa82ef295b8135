import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  encodeMessage,
  SimulatedTransport,
  type Answer,
} from "../../../test/simulator/kernel/transport.ts";
import { Nl } from "../linux/constants.ts";
import { messagesIn, type NetlinkMessage } from "./reader.ts";
import { NetlinkSocket, type Request } from "./socket.ts";

const type = 100;

/** A request that carries a number. */
function numbered(number: number, tolerate: readonly string[] = []): Request {
  return {
    op: `request ${number}`,
    tolerate,
    write: (writer) => writer.begin(type, 0, 4).u32(0, number),
  };
}

function numberIn({ body }: NetlinkMessage): number {
  return body.readUInt32LE(0);
}

function bodyOf(number: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(number);
  return body;
}

/** A socket to a kernel that answers as a function, and the numbers of the requests it got. */
function socketTo(answer: (number: number) => Answer) {
  const received: number[] = [];
  const transport = new SimulatedTransport((request) => {
    received.push(numberIn(request));
    return answer(numberIn(request));
  });
  return { socket: NetlinkSocket.open(undefined, 0, transport), transport, received };
}

const write = (writer: Parameters<Request["write"]>[0]) => writer.begin(type, 0, 4);
const three = { type, bodies: [1, 2, 3].map(bodyOf) };

/** Replaces a header field of every message of a datagram. */
function patched(datagram: Buffer | undefined, field: "flags" | "sequence", value: number): Buffer {
  const messages = [...messagesIn(datagram ?? Buffer.alloc(0))];
  assert.ok(messages.length > 0);
  return Buffer.concat(messages.map((message) => encodeMessage({ ...message, [field]: value })));
}

describe("a request", () => {
  it("succeeds when the kernel acknowledges it", () => {
    const { socket, received } = socketTo(() => "done");
    socket.execute(numbered(1));
    socket.execute(numbered(2));
    assert.deepEqual(received, [1, 2]);
  });

  it("fails with its operation, the errno's name and the kernel's text", () => {
    const { socket } = socketTo(() => ({ code: "ENODEV", text: "No such device here" }));
    assert.throws(() => socket.execute(numbered(1)), {
      name: "NetlinkError",
      op: "request 1",
      code: "ENODEV",
      retryable: false,
      message: "request 1: ENODEV (No such device here)",
    });
  });

  it("succeeds with an error that it tolerates", () => {
    const { socket } = socketTo(() => ({ code: "ENOENT" }));
    assert.doesNotThrow(() => socket.execute(numbered(1, ["ENODEV", "ENOENT"])));
    assert.throws(() => socket.execute(numbered(1, ["ENODEV"])), { code: "ENOENT" });
  });

  it("fails as retryable when no answer comes", () => {
    const { socket, transport } = socketTo(() => "done");
    transport.tamper = () => [];
    assert.throws(() => socket.execute(numbered(1)), {
      name: "NetlinkError",
      op: "request 1",
      code: "EAGAIN",
      retryable: true,
    });
  });

  it("ignores answers to other requests, and ones that are cut short", () => {
    const { socket, transport } = socketTo(() => ({ code: "EPERM" }));
    transport.tamper = ([answer]) => [
      patched(answer, "sequence", 999),
      answer?.subarray(0, 18) ?? Buffer.alloc(0),
      ...(answer === undefined ? [] : [answer]),
    ];
    assert.throws(() => socket.execute(numbered(1)), { code: "EPERM" });
  });
});

describe("a batch of requests", () => {
  it("sends every request, and returns the errors in their order", () => {
    const { socket, received } = socketTo((number) =>
      number % 2 === 0 ? { code: "EINVAL", text: `refused ${number}` } : "done",
    );
    const errors = socket.batch([1, 2, 3, 4, 5].map((number) => numbered(number)));
    assert.deepEqual(received, [1, 2, 3, 4, 5]);
    assert.deepEqual(
      errors.map(({ message }) => message),
      ["request 2: EINVAL (refused 2)", "request 4: EINVAL (refused 4)"],
    );
  });

  it("is split if it exceeds a datagram, with one acknowledgement for each part", () => {
    const { socket, transport, received } = socketTo(() => "done");
    const answers: number[] = [];
    transport.tamper = (datagrams) => {
      answers.push(datagrams.length);
      return datagrams;
    };
    const numbers = Array.from({ length: 5_000 }, (_, i) => i);
    assert.deepEqual(socket.batch(numbers.map((number) => numbered(number))), []);
    assert.deepEqual(received, numbers);
    assert.ok(answers.length > 1 && answers.every((count) => count === 1), String(answers));
  });

  it("of no requests sends nothing", () => {
    const { socket, received } = socketTo(() => "done");
    assert.deepEqual(socket.batch([]), []);
    assert.deepEqual(received, []);
  });
});

describe("a dump", () => {
  const dumped = (socket: NetlinkSocket) => socket.dump("list", write).map(numberIn);

  it("returns the objects of all datagrams", () => {
    assert.deepEqual(dumped(socketTo(() => three).socket), [1, 2, 3]);
    assert.deepEqual(dumped(socketTo(() => ({ type, bodies: [] })).socket), []);
  });

  it("is repeated while the kernel reports a change during it", () => {
    const { socket, transport, received } = socketTo(() => three);
    let interruptions = 2;
    transport.tamper = ([first, ...others]) =>
      interruptions-- > 0
        ? [patched(first, "flags", Nl.dumpInterrupted), ...others]
        : [first ?? Buffer.alloc(0), ...others];
    assert.deepEqual(dumped(socket), [1, 2, 3]);
    assert.equal(received.length, 3);
  });

  it("is repeated five times at most", () => {
    const { socket, transport, received } = socketTo(() => three);
    transport.tamper = ([first, ...others]) => [
      patched(first, "flags", Nl.dumpInterrupted),
      ...others,
    ];
    assert.deepEqual(dumped(socket), [1, 2, 3]);
    assert.equal(received.length, 5);
  });

  it("fails with the error in the message that ends it", () => {
    const { socket } = socketTo(() => ({ code: "EINVAL", text: "Unsupported filter" }));
    assert.throws(() => dumped(socket), {
      name: "NetlinkError",
      message: "list: EINVAL (Unsupported filter)",
    });
  });

  it("fails when its end does not come", () => {
    const { socket, transport } = socketTo(() => three);
    transport.tamper = ([first]) => [first ?? Buffer.alloc(0)];
    assert.throws(() => dumped(socket), { code: "EAGAIN", retryable: true });
  });

  it("ignores messages of another dump", () => {
    const { socket, transport } = socketTo(() => three);
    transport.tamper = ([first, ...others]) => [
      patched(first, "sequence", 999),
      first ?? Buffer.alloc(0),
      ...others,
    ];
    assert.deepEqual(dumped(socket), [1, 2, 3]);
  });
});

describe("a query", () => {
  it("returns the object, or undefined if the kernel answers with an error", () => {
    const found = socketTo(() => ({ type, bodies: [bodyOf(7)] })).socket.query("find", write);
    assert.equal(found && numberIn(found), 7);
    assert.equal(socketTo(() => ({ code: "ENODEV" })).socket.query("find", write), undefined);
  });

  it("fails when no answer comes", () => {
    const { socket, transport } = socketTo(() => three);
    transport.tamper = () => [];
    assert.throws(() => socket.query("find", write), { op: "find", code: "EAGAIN" });
  });
});
