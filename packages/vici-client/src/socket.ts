import { connect as connectSocket, type Socket } from "node:net";
import { ViciError } from "./errors.ts";
import { FrameSplitter } from "./frames.ts";
import { decodePacket, PacketType, type Packet } from "./packet.ts";

/** One request, with the handlers of its reply. */
export interface Exchange {
  /** The operation, for errors. */
  readonly op: string;
  readonly bytes: Uint8Array;
  /** How long charon may be silent, in milliseconds. */
  readonly deadlineMs: number;
  /** Handles each event before the reply; without it the socket's own handler is called. */
  readonly onEvent?: (packet: Packet) => void;
  /** Handles the reply. If it throws, the request fails and the connection stays usable. */
  readonly onReply: (packet: Packet) => void;
  readonly onError: (error: ViciError) => void;
}

/**
 * One connection. VICI has no sequence numbers, so each exchange begins after the one before, and
 * a reply that is late ends the connection: it could not be distinguished from the reply to the
 * next request.
 */
export class ViciSocket {
  readonly #socket: Socket;
  readonly #frames = new FrameSplitter();
  readonly #waiting: Exchange[] = [];
  readonly #onEvent: (packet: Packet) => void;
  readonly #onClose: (error: ViciError) => void;
  #current: Exchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed: ViciError | undefined;

  private constructor(
    socket: Socket,
    onEvent: (packet: Packet) => void,
    onClose: (error: ViciError) => void,
  ) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    this.#onClose = onClose;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (cause) => this.#end("the connection failed", cause));
    socket.on("close", () => this.#end("charon closed the connection"));
  }

  /**
   * Opens a connection.
   *
   * @param onEvent handles each event packet, in order
   * @param onClose called once when the connection ends, for whatever reason
   */
  static open(
    path: string,
    deadlineMs: number,
    onEvent: (packet: Packet) => void,
    onClose: (error: ViciError) => void,
  ): Promise<ViciSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<ViciSocket>();
    const socket = connectSocket({ path });
    const fail = (message: string, cause?: unknown) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new ViciError("connect", "connect", message, { cause }));
    };
    const failed = (cause: Error) => fail(`${path}: ${cause.message}`, cause);
    const timer = setTimeout(() => fail(`${path}: not accepted in time`), deadlineMs);
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", failed);
      resolve(new ViciSocket(socket, onEvent, onClose));
    });
    return promise;
  }

  /** Queues an exchange. */
  submit(exchange: Exchange): void {
    if (this.#closed !== undefined) {
      exchange.onError(closedError(exchange.op, this.#closed));
      return;
    }
    this.#waiting.push(exchange);
    this.#advance();
  }

  /** Closes the connection; every open exchange fails. */
  close(): void {
    this.#end("the client closed the connection");
  }

  #advance(): void {
    if (this.#current !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#current = next;
    this.#timer = setTimeout(() => this.#expire(next), next.deadlineMs);
    this.#socket.write(next.bytes);
  }

  #expire(exchange: Exchange): void {
    const message = `no reply within ${exchange.deadlineMs} ms`;
    this.#current = undefined;
    exchange.onError(new ViciError(exchange.op, "timeout", message));
    this.#end(`discarded: ${exchange.op} got ${message}`);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) this.#dispatch(decodePacket(frame));
    } catch (cause) {
      // Packets after a malformed one cannot be trusted either.
      this.#end("charon sent data that is not VICI", cause);
    }
  }

  #dispatch(packet: Packet): void {
    // Each packet restarts the deadline: a long stream has no total one.
    this.#timer?.refresh();
    if (packet.type !== PacketType.event) this.#reply(packet);
    else (this.#current?.onEvent ?? this.#onEvent)(packet);
  }

  #reply(packet: Packet): void {
    const exchange = this.#current;
    if (exchange === undefined) {
      throw new ViciError("decode", "malformed", `a reply (type ${packet.type}) without a request`);
    }
    clearTimeout(this.#timer);
    this.#current = undefined;
    try {
      exchange.onReply(packet);
    } catch (error) {
      exchange.onError(asViciError(exchange.op, error));
    }
    this.#advance();
  }

  #end(reason: string, cause?: unknown): void {
    if (this.#closed !== undefined) return;
    const error = new ViciError("connection", "closed", reason, { cause });
    this.#closed = error;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    const orphans = [this.#current, ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const orphan of orphans) orphan?.onError(closedError(orphan.op, error));
    this.#onClose(error);
  }
}

function closedError(op: string, cause: ViciError): ViciError {
  return new ViciError(op, "closed", cause.message, { cause });
}

function asViciError(op: string, error: unknown): ViciError {
  if (error instanceof ViciError) return error;
  return new ViciError(op, "malformed", String(error), { cause: error });
}
