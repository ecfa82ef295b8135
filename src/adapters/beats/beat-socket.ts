import { createSocket, type Socket } from "node:dgram";
import { Subject, type Observable } from "rxjs";
import { formatAddress, type Address, type Family } from "../../model/net/address.ts";
import { backoffMs } from "../../model/time/backoff.ts";
import { SourceLimits } from "./source-limits.ts";

/** The UDP port of beats. */
export const beatPort = 7790;

export interface BeatSocketOptions {
  /** {@link beatPort} by default. */
  readonly port?: number;
  /** The addresses to listen at; by default all of the pod. */
  readonly addresses?: Readonly<Record<Family, string>>;
  /** A datagram could not be sent, or exceeded the limit of its sender. */
  readonly onDrop: (direction: "sent" | "received", result: "failed" | "flood") => void;
  readonly onTrouble: (error: unknown) => void;
}

const anyAddress: Readonly<Record<Family, string>> = { 4: "0.0.0.0", 6: "::" };
const families = [4, 6] as const;
/** Errors of a pod that has no address of a family. */
const withoutFamily: ReadonlySet<string> = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);
/** Two hundred changes of a peer arrive at once; the kernel may grant less. */
const receiveBytes = 1024 * 1024;

/** Sends and receives the datagrams of beats, by each family that the pod has. */
export class BeatSocket implements Disposable {
  readonly #datagrams = new Subject<Buffer>();
  readonly #sockets: Readonly<Record<Family, FamilySocket>>;

  constructor(options: BeatSocketOptions) {
    const limits = new SourceLimits();
    const receive = (bytes: Buffer, source: string) => {
      if (limits.admits(source, performance.now())) this.#datagrams.next(bytes);
      else options.onDrop("received", "flood");
    };
    this.#sockets = {
      4: new FamilySocket(4, options, receive),
      6: new FamilySocket(6, options, receive),
    };
  }

  get datagrams(): Observable<Buffer> {
    return this.#datagrams;
  }

  /** Whether datagrams of this family can arrive. */
  isOpen(family: Family): boolean {
    return this.#sockets[family].isOpen;
  }

  /** Sends a datagram; a failure is counted, and is not an error. */
  send(address: Address, bytes: Buffer): void {
    this.#sockets[address.family].send(address, bytes);
  }

  [Symbol.dispose](): void {
    for (const family of families) this.#sockets[family][Symbol.dispose]();
    this.#datagrams.complete();
  }
}

/** The socket of one family, which is opened again after a failure. */
class FamilySocket implements Disposable {
  readonly #family: Family;
  readonly #options: BeatSocketOptions;
  readonly #receive: (bytes: Buffer, source: string) => void;
  #socket: Socket | undefined;
  #isOpen = false;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    family: Family,
    options: BeatSocketOptions,
    receive: (bytes: Buffer, source: string) => void,
  ) {
    this.#family = family;
    this.#options = options;
    this.#receive = receive;
    this.#open();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(address: Address, bytes: Buffer): void {
    const { onDrop, port = beatPort } = this.#options;
    if (this.#socket === undefined || !this.#isOpen) return onDrop("sent", "failed");
    // Without a route, or if a policy refuses it (EPERM), it is lost as any datagram may be.
    this.#socket.send(bytes, port, formatAddress(address), (error) => {
      if (error !== null) onDrop("sent", "failed");
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#close();
  }

  #open(): void {
    const { port = beatPort, addresses = anyAddress } = this.#options;
    const socket = createSocket({
      type: this.#family === 4 ? "udp4" : "udp6",
      ipv6Only: this.#family === 6,
      recvBufferSize: receiveBytes,
      // Addresses are literal: without a lookup, no datagram waits for the next turn of the event loop.
      lookup: (host, _, callback) => callback(null, host, this.#family),
    });
    this.#socket = socket;
    socket.on("message", (bytes, { address }) => this.#receive(bytes, address));
    socket.on("listening", () => {
      this.#isOpen = true;
      this.#attempt = 0;
    });
    socket.on("error", (error) => this.#fail(socket, error));
    socket.bind({ port, address: addresses[this.#family] });
  }

  #fail(socket: Socket, error: NodeJS.ErrnoException): void {
    if (socket !== this.#socket) return;
    const isFamilyAbsent = withoutFamily.has(error.code ?? "");
    // An agent without an address of the other family is complete.
    if (this.#attempt === 0 && !isFamilyAbsent) this.#options.onTrouble(error);
    this.#attempt += 1;
    this.#close();
    this.#timer = setTimeout(() => this.#open(), backoffMs(this.#attempt));
  }

  #close(): void {
    this.#isOpen = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.removeAllListeners("message");
    socket?.close();
  }
}
