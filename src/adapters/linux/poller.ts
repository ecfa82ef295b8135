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

interface Callbacks {
  readonly onReadable: () => void;
  readonly onError: (error: unknown) => void;
}

/** The part of a poller that sockets need. */
export type DescriptorWatcher = Pick<Poller, "watch">;

function call(callbacks: Callbacks | undefined): void {
  try {
    callbacks?.onReadable();
  } catch (error) {
    callbacks?.onError(error);
  }
}

/**
 * Reports when descriptors that Node's event loop does not accept, such as netlink sockets, can be
 * read. One wait is in progress at a time, on a thread of the pool; there is none while no
 * descriptor is watched.
 */
export class Poller implements AsyncDisposable {
  readonly #epoll: number;
  readonly #wake: number;
  readonly #callbacks = new Map<number, Callbacks>();
  #loop: Promise<void> | undefined;
  #closed = false;

  constructor() {
    using opened = new DisposableStack();
    const owned = (fd: number) => opened.adopt(fd, closeSync);
    this.#epoll = owned(checked("epoll", libc.epoll_create1(Sock.cloexec)));
    this.#wake = owned(checked("eventfd", libc.eventfd(0, Sock.cloexec | Sock.nonblock)));
    this.#control(epollAdd, this.#wake);
    opened.move();
  }

  /**
   * Calls back whenever `fd` can be read, until the returned function is called.
   *
   * @param onError receives what the callback throws; the other descriptors stay watched
   * @throws {NetlinkError} if the descriptor cannot be watched
   */
  watch(fd: number, onReadable: () => void, onError: (error: unknown) => void): () => void {
    this.#control(epollAdd, fd);
    this.#callbacks.set(fd, { onReadable, onError });
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
        else call(this.#callbacks.get(fd));
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
