import type { Commands, Events, Streams } from "./commands.ts";
import type { DecodeOptions } from "./decode.ts";
import { ViciError } from "./errors.ts";
import type { Message } from "./message.ts";
import { encodePacket, PacketType, type Packet } from "./packet.ts";
import { AsyncQueue } from "./queue.ts";
import { ViciSocket } from "./socket.ts";

export interface ConnectOptions {
  /** The path of charon's Unix socket; `/run/charon.vici` on Debian. */
  readonly path: string;
  /** How long charon may be silent before the connection is closed, in milliseconds. */
  readonly deadlineMs?: number;
}

export interface RequestOptions extends DecodeOptions {
  /** Overrides the deadline of the session, in milliseconds. */
  readonly deadlineMs?: number;
}

/** One event as charon sent it; a union over the names of the stream. */
export type ViciEvent<Name extends string = string> = Name extends string
  ? { readonly name: Name; readonly message: Name extends keyof Events ? Events[Name] : Message }
  : never;

/** Events as they arrive; `ready` resolves when charon has confirmed the registrations. */
export interface EventStream<Name extends string> extends AsyncIterableIterator<
  ViciEvent<Name>,
  undefined
> {
  readonly ready: Promise<void>;
  /** Ends the stream, and the registration if this was its last reader. */
  return(): Promise<IteratorResult<ViciEvent<Name>, undefined>>;
}

const defaultDeadlineMs = 10_000;

/**
 * Connects to charon with two sockets, one for commands and one for events, so that a slow command
 * delays no event.
 *
 * @throws {ViciError} `connect`
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  return Session.open(options.path, options.deadlineMs ?? defaultDeadlineMs);
}

/** A pair of connections to one charon. The session ends when either of them does. */
export class Session implements AsyncDisposable {
  readonly #deadlineMs: number;
  readonly #closed = Promise.withResolvers<ViciError>();
  readonly #registered = new Map<string, Promise<void>>();
  readonly #readers = new Map<string, Set<AsyncQueue<ViciEvent>>>();
  readonly #streamed = new Set<string>();
  #commands!: ViciSocket;
  #events!: ViciSocket;

  private constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  static async open(path: string, deadlineMs: number): Promise<Session> {
    const session = new Session(deadlineMs);
    const onClose = (error: ViciError) => session.#end(error);
    session.#commands = await ViciSocket.open(
      path,
      deadlineMs,
      () => {}, // the rest of a list whose reader has left
      onClose,
    );
    try {
      session.#events = await ViciSocket.open(
        path,
        deadlineMs,
        (packet) => session.#publish(packet),
        onClose,
      );
    } catch (error) {
      session.#commands.close();
      throw error;
    }
    return session;
  }

  /** Resolves with the reason when the session has ended; never rejects. */
  get closed(): Promise<ViciError> {
    return this.#closed.promise;
  }

  /**
   * Sends a command and returns its reply.
   *
   * @throws {ViciError} `refused` if charon replies `success: no`; `timeout` if it does not reply,
   *   which ends the session; `unknown-command`; `closed`
   */
  request<Name extends keyof Commands>(
    command: Name,
    message?: Commands[Name]["request"],
    options?: RequestOptions,
  ): Promise<Commands[Name]["reply"]>;
  request(command: string, message?: Message, options?: RequestOptions): Promise<Message>;
  request(command: string, message: Message = {}, options: RequestOptions = {}): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    this.#submit(command, message, options, (reply) => resolve(reply), reject);
    return promise;
  }

  /**
   * Sends a command whose reply has many parts, and returns each as it arrives. If the reader
   * leaves early, charon still sends the rest, which is dropped.
   *
   * @throws {ViciError} as {@link request}, while iterating
   */
  stream<Name extends keyof Streams>(
    command: Name,
    message?: Streams[Name]["request"],
    options?: RequestOptions,
  ): AsyncIterableIterator<Streams[Name]["item"], undefined>;
  stream(
    command: string,
    message?: Message,
    options?: RequestOptions,
  ): AsyncIterableIterator<Message, undefined>;
  stream(
    command: string,
    message: Message = {},
    options: RequestOptions = {},
  ): AsyncIterableIterator<Message, undefined> {
    const items = new AsyncQueue<Message>();
    const event = streamEvent(command);
    const end = (error: ViciError) => items.end(error);
    // The registration stays: charon sends these events only to the client of the list.
    if (!this.#streamed.has(event)) {
      this.#streamed.add(event);
      this.#register(this.#commands, event).catch(end);
    }
    this.#submit(
      command,
      message,
      options,
      () => items.end(),
      end,
      (packet) => items.push(packet.message(options)),
    );
    return items;
  }

  /**
   * Returns the events with these names, from now until the reader leaves or the session ends,
   * with the error that ended it. Events that are not read yet are queued without a limit, as
   * charon would have to queue them otherwise.
   *
   * `ready` rejects with `unknown-event` if charon does not have one of them.
   */
  events<Name extends string>(...names: Name[]): EventStream<Name> {
    const reader = new AsyncQueue<ViciEvent>(() => this.#leave(names, reader));
    const ready = Promise.all(names.map((name) => this.#join(name, reader))).then(() => {});
    ready.catch((error: ViciError) => {
      this.#leave(names, reader);
      reader.end(error);
    });
    return Object.assign(reader as unknown as AsyncQueue<ViciEvent<Name>>, { ready });
  }

  /** Closes both connections. Requests without a reply reject with `closed`. */
  close(): void {
    this.#commands.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  #submit(
    command: string,
    message: Message,
    options: RequestOptions,
    onReply: (reply: Message) => void,
    onError: (error: ViciError) => void,
    onItem?: (packet: Packet) => void,
  ): void {
    let bytes: Uint8Array;
    try {
      bytes = encodePacket(PacketType.commandRequest, command, message);
    } catch (error) {
      onError(error as ViciError);
      return;
    }
    this.#commands.submit({
      op: command,
      bytes,
      deadlineMs: options.deadlineMs ?? this.#deadlineMs,
      ...(onItem !== undefined && { onEvent: onItem }),
      onReply: (packet) => onReply(replyOf(command, packet, options)),
      onError,
    });
  }

  #register(socket: ViciSocket, event: string): Promise<void> {
    return this.#control(socket, PacketType.eventRegister, event);
  }

  #control(socket: ViciSocket, type: PacketType, event: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.submit({
      op: `event ${event}`,
      bytes: encodePacket(type, event),
      deadlineMs: this.#deadlineMs,
      onReply: (packet) => {
        if (packet.type === PacketType.eventConfirm) resolve();
        else reject(new ViciError(event, "unknown-event", "charon does not have this event"));
      },
      onError: reject,
    });
    return promise;
  }

  #join(name: string, reader: AsyncQueue<ViciEvent>): Promise<void> {
    const readers = this.#readers.get(name) ?? new Set();
    this.#readers.set(name, readers.add(reader));
    const known = this.#registered.get(name);
    if (known !== undefined) return known;
    const registered = this.#register(this.#events, name);
    this.#registered.set(name, registered);
    return registered;
  }

  #leave(names: readonly string[], reader: AsyncQueue<ViciEvent>): void {
    for (const name of names) {
      const readers = this.#readers.get(name);
      readers?.delete(reader);
      if (readers?.size !== 0) continue;
      this.#readers.delete(name);
      const registered = this.#registered.get(name);
      this.#registered.delete(name);
      // A failure needs no report: an event that is not registered needs no unregistration.
      registered
        ?.then(() => this.#control(this.#events, PacketType.eventUnregister, name))
        .catch(() => {});
    }
  }

  #publish(packet: Packet): void {
    const readers = this.#readers.get(packet.name);
    if (readers === undefined) return;
    const event = { name: packet.name, message: packet.message() };
    for (const reader of readers) reader.push(event);
  }

  #end(error: ViciError): void {
    this.#commands.close();
    this.#events?.close();
    for (const readers of this.#readers.values()) for (const reader of readers) reader.end(error);
    this.#readers.clear();
    this.#closed.resolve(error);
  }
}

function replyOf(command: string, packet: Packet, options: DecodeOptions): Message {
  if (packet.type === PacketType.commandUnknown) {
    throw new ViciError(command, "unknown-command", "charon does not have this command");
  }
  const reply = packet.message(options);
  if (reply["success"] === "no") {
    const reason = reply["errmsg"];
    throw new ViciError(
      command,
      "refused",
      typeof reason === "string" ? reason : "charon gave no reason",
    );
  }
  return reply;
}

/** `list-sas` streams `list-sa` events, `list-policies` `list-policy`, `initiate` `control-log`. */
function streamEvent(command: string): string {
  if (!command.startsWith("list-")) return "control-log";
  return command.endsWith("ies") ? `${command.slice(0, -3)}y` : command.slice(0, -1);
}
