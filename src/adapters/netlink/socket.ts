import { dumpErrorOf, errorOf } from "./acknowledgement.ts";
import { Nl, Protocol } from "../linux/constants.ts";
import type { NetlinkError } from "../linux/errors.ts";
import { linuxNetlink, type NetlinkTransport, type RawSocket } from "../linux/netlink-transport.ts";
import { messagesIn, type NetlinkMessage } from "./reader.ts";
import { MessageWriter } from "./writer.ts";

/** A request to the kernel. */
export interface Request {
  /** The operation that it attempts, for errors: `add address 10.0.2.1/24`. */
  readonly op: string;
  readonly write: (writer: MessageWriter) => void;
  /** Error codes that count as success: ENOENT for an entry that is to be deleted. */
  readonly tolerate?: readonly string[];
}

/** The objects of a dump that are kept. */
export interface DumpSelection {
  readonly isWanted: (message: NetlinkMessage) => boolean;
  /** The most that are kept; the others are read and dropped. */
  readonly most: number;
}

const everything: DumpSelection = { isWanted: () => true, most: Infinity };
const batchBytes = 24 * 1024;
const dumpAttempts = 5;

// Every exchange is synchronous, so there is never more than one at a time: all sockets share it.
const writer = new MessageWriter();

/**
 * Sends requests through a netlink socket and matches the kernel's answers to them by their
 * sequence numbers. It stays in the namespace that it was opened in.
 */

export class NetlinkSocket implements Disposable {
  readonly #raw: RawSocket;
  #sequence = 0;

  private constructor(raw: RawSocket) {
    this.#raw = raw;
  }

  /**
   * @param namespace a path; undefined for the process's own
   * @throws {NetlinkError}
   */
  static open(
    namespace: string | undefined,
    protocol: number = Protocol.route,
    transport: NetlinkTransport = linuxNetlink,
  ): NetlinkSocket {
    return new NetlinkSocket(transport.open(namespace, protocol));
  }

  /**
   * Sends one request and waits for its acknowledgement.
   *
   * @throws {NetlinkError} with the kernel's text
   */
  execute(request: Request): void {
    const [error] = this.batch([request]);
    if (error !== undefined) throw error;
  }

  /**
   * Sends many requests in few system calls. The kernel handles each separately, including those
   * after a failure.
   *
   * @returns the errors of the requests that failed, in order
   * @throws {NetlinkError} if a request cannot be sent, or no answer comes
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
        // The kernel reports failures in any case; of the successes, only the last one has to.
        const last = next === requests.length || writer.length >= batchBytes;
        if (last) writer.flag(Nl.ack);
        writer.end(++this.#sequence);
      }
      this.#exchange(requests.slice(first, next), base, errors);
      first = next;
    }
    return errors;
  }

  /**
   * Lists every object of a kind; repeats the dump if the kernel reports a change during it.
   *
   * @param only leaves out other objects, which then take no memory
   * @throws {NetlinkError} with the kernel's text
   */
  dump(
    op: string,
    write: (writer: MessageWriter) => void,
    only: DumpSelection = everything,
  ): NetlinkMessage[] {
    for (let attempt = 1; ; attempt++) {
      const { messages, interrupted } = this.#dumpOnce(op, write, only);
      if (!interrupted || attempt === dumpAttempts) return messages;
    }
  }

  /** Sends one request for one object; undefined if the kernel answers with an error. */
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
    this.#raw[Symbol.dispose]();
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
    { isWanted, most }: DumpSelection,
  ): { messages: NetlinkMessage[]; interrupted: boolean } {
    writer.reset();
    write(writer);
    writer.flag(Nl.dump);
    writer.end(++this.#sequence);
    this.#send(op);
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      // Copied, since the next datagram arrives in the same memory.
      for (const message of this.#receive(op, true)) {
        if (message.sequence !== this.#sequence) continue;
        if ((message.flags & Nl.dumpInterrupted) !== 0) interrupted = true;
        const error = dumpErrorOf(op, message);
        if (error !== undefined) throw error;
        if (message.type === Nl.done) return { messages, interrupted };
        if (message.type === Nl.error || messages.length >= most) continue;
        if (isWanted(message)) messages.push(message);
      }
    }
  }

  #send(op: string): void {
    this.#raw.send(op, writer.bytes());
  }

  #receive(op: string, copy = false): Iterable<NetlinkMessage> {
    const datagram = this.#raw.receive(op);
    return messagesIn(copy ? Buffer.from(datagram) : datagram);
  }
}
