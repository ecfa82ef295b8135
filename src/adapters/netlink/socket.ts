import { closeSync } from "node:fs";
import { dumpErrorOf, errorOf } from "./answers.ts";
import { Nl, Protocol, Sock } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { checked, errno, libc } from "../linux/libc.ts";
import { inNamespace } from "../linux/namespace.ts";
import { messagesIn, type NetlinkMessage } from "./reader.ts";
import { MessageWriter } from "./writer.ts";

/** One request: what is attempted, for errors, and how it is written. */
export interface Request {
  readonly op: string;
  readonly write: (writer: MessageWriter) => void;
  /** Errors that mean success: EEXIST for something that should be, ENOENT for the opposite. */
  readonly tolerate?: readonly string[];
}

const receiveBytes = 256 * 1024;
const batchBytes = 24 * 1024;
const dumpAttempts = 5;

// Every exchange is synchronous, and so there is never more than one at a time: all share
// this memory, of which each socket would otherwise touch a quarter of a megabyte.
const writer = new MessageWriter();
const input = Buffer.allocUnsafeSlow(receiveBytes);

/** A netlink socket. It stays in the namespace that it was opened in. */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  #sequence = 0;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @param namespace a path; undefined for the process's own */
  static open(namespace: string | undefined, protocol: number = Protocol.route): NetlinkSocket {
    const fd = openNetlink(namespace, protocol);
    return new NetlinkSocket(fd);
  }

  /** One request that the kernel acknowledges. */
  execute(request: Request): void {
    const [error] = this.batch([request]);
    if (error !== undefined) throw error;
  }

  /**
   * Many requests in few system calls. The kernel does each on its own; the errors of
   * those that failed come back in order.
   */
  batch(requests: readonly Request[]): NetlinkError[] {
    const errors: NetlinkError[] = [];
    let first = 0;
    while (first < requests.length) {
      writer.reset();
      const base = this.#sequence + 1;
      let next = first;
      while (next < requests.length && writer.length < batchBytes) {
        (requests[next++] as Request).write(writer);
        // Failures answer in any case; only the last success has to.
        const last = next === requests.length || writer.length >= batchBytes;
        if (last) writer.flag(Nl.ack);
        writer.end(++this.#sequence);
      }
      this.#exchange(requests.slice(first, next), base, errors);
      first = next;
    }
    return errors;
  }

  /** Every object of a kind; repeated when the kernel says that it changed meanwhile. */
  dump(op: string, write: (writer: MessageWriter) => void): NetlinkMessage[] {
    for (let attempt = 1; ; attempt++) {
      const { messages, interrupted } = this.#dumpOnce(op, write);
      if (!interrupted || attempt === dumpAttempts) return messages;
    }
  }

  /** One request with one answer; undefined where the kernel has none to give. */
  query(op: string, write: (writer: MessageWriter) => void): NetlinkMessage | undefined {
    writer.reset();
    write(writer);
    writer.end(++this.#sequence);
    this.#send(op);
    for (;;) {
      for (const message of this.#receive(op, true)) {
        if (message.sequence !== this.#sequence) continue;
        return message.type === Nl.error ? undefined : message;
      }
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #exchange(requests: readonly Request[], base: number, errors: NetlinkError[]): void {
    const op = (requests[0] as Request).op;
    this.#send(op);
    const end = base + requests.length - 1;
    for (;;) {
      for (const message of this.#receive(op)) {
        const index = message.sequence - base;
        const request = requests[index];
        if (message.type !== Nl.error || request === undefined) continue;
        const error = errorOf(request.op, message);
        if (error !== undefined && request.tolerate?.includes(error.code) !== true) {
          errors.push(error);
        }
        if (message.sequence === end) return;
      }
    }
  }

  #dumpOnce(
    op: string,
    write: (writer: MessageWriter) => void,
  ): { messages: NetlinkMessage[]; interrupted: boolean } {
    writer.reset();
    write(writer);
    writer.flag(Nl.dump);
    writer.end(++this.#sequence);
    this.#send(op);
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      // Copied, since the next chunk comes into the same memory.
      for (const message of this.#receive(op, true)) {
        if (message.sequence !== this.#sequence) continue;
        if ((message.flags & Nl.dumpInterrupted) !== 0) interrupted = true;
        const error = dumpErrorOf(op, message);
        if (error !== undefined) throw error;
        if (message.type === Nl.done) return { messages, interrupted };
        if (message.type !== Nl.error) messages.push(message);
      }
    }
  }

  #send(op: string): void {
    const bytes = writer.bytes();
    checked(op, libc.send(this.#fd, bytes, bytes.length, 0));
  }

  #receive(op: string, copy = false): Iterable<NetlinkMessage> {
    const size = libc.recv(this.#fd, input, input.length, 0);
    if (size < 0) throw new NetlinkError(op, errno());
    const chunk = input.subarray(0, size);
    return messagesIn(copy ? Buffer.from(chunk) : chunk);
  }
}

/** A netlink socket's descriptor, with a time limit for answers that do not come. */
export function openNetlink(namespace: string | undefined, protocol: number, flags = 0): number {
  return inNamespace(namespace, () => {
    const type = Sock.raw | Sock.cloexec | flags;
    const fd = checked("netlink socket", libc.socket(Sock.afNetlink, type, protocol));
    try {
      const timeout = Buffer.alloc(16);
      timeout.writeBigInt64LE(2n, 0);
      setOption(fd, Sock.solSocket, Sock.soRcvtimeo, timeout);
      // A whole batch may fail, each request with an answer of its own.
      setOption(fd, Sock.solSocket, Sock.soRcvbufforce, fourMebibytes);
      setOption(fd, Sock.solNetlink, Sock.capAck, one);
      setOption(fd, Sock.solNetlink, Sock.extAck, one);
      if (protocol === Protocol.route) setOption(fd, Sock.solNetlink, Sock.getStrictChk, one);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return fd;
  });
}

/** Sets a socket option. */
export function setOption(fd: number, level: number, name: number, value: Buffer): void {
  checked("setsockopt", libc.setsockopt(fd, level, name, value, value.length));
}

const one = Buffer.from([1, 0, 0, 0]);
const fourMebibytes = Buffer.from([0, 0, 0x40, 0]);
