import { closeSync, readSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { Sock } from "./constants.ts";
import { checked, libc } from "./libc.ts";

const epollIn = 1;
const epollAdd = 1;
const epollDel = 2;
// struct epoll_event is packed on x86-64 only.
const [eventBytes, dataOffset] = process.arch === "x64" ? [12, 4] : [16, 8];
const maxEvents = 64;

/**
 * Tells when descriptors can be read that Node's event loop does not take, netlink
 * sockets above all. One wait is under way at a time, on a thread of the pool; while
 * nothing is watched there is none.
 */
export class Poller implements AsyncDisposable {
  readonly #epoll = checked("epoll", libc.epoll_create1(Sock.cloexec));
  readonly #wake = checked("eventfd", libc.eventfd(0, Sock.cloexec | Sock.nonblock));
  readonly #callbacks = new Map<number, () => void>();
  #loop: Promise<void> | undefined;
  #closed = false;

  constructor() {
    this.#control(epollAdd, this.#wake);
  }

  /** Calls back whenever `fd` can be read, until the returned function is called. */
  watch(fd: number, onReadable: () => void): () => void {
    this.#callbacks.set(fd, onReadable);
    this.#control(epollAdd, fd);
    this.#loop ??= this.#run();
    return () => {
      if (!this.#callbacks.delete(fd)) return;
      this.#control(epollDel, fd);
      if (this.#callbacks.size === 0) this.#signal();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal();
    await this.#loop;
    closeSync(this.#wake);
    closeSync(this.#epoll);
  }

  async #run(): Promise<void> {
    const events = Buffer.alloc(eventBytes * maxEvents);
    const wait = promisify<number, Buffer, number, number, number>(libc.epoll_wait.async);
    while (!this.#closed && this.#callbacks.size > 0) {
      const count = await wait(this.#epoll, events, maxEvents, -1);
      for (let i = 0; i < count; i++) {
        const fd = events.readInt32LE(i * eventBytes + dataOffset);
        if (fd === this.#wake) readSync(fd, Buffer.alloc(8));
        else this.#callbacks.get(fd)?.();
      }
    }
    this.#loop = undefined;
  }

  #control(op: number, fd: number): void {
    const event = Buffer.alloc(eventBytes);
    event.writeUInt32LE(epollIn, 0);
    event.writeInt32LE(fd, dataOffset);
    checked("epoll_ctl", libc.epoll_ctl(this.#epoll, op, fd, event));
  }

  #signal(): void {
    writeSync(this.#wake, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
  }
}
