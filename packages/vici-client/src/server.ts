import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { FrameSplitter } from "./frames.ts";
import type { Message } from "./message.ts";
import { decodePacket, encodePacket, PacketType, type Packet } from "./packet.ts";

/** The commands and events that a {@link ViciServer} offers. */
export interface ViciService {
  /** The events for which clients may register. */
  readonly events: ReadonlySet<string>;
  /**
   * Returns the reply to a command; undefined if the command is unknown.
   *
   * @param part sends an event to the client of the command, such as one entry of a list
   */
  readonly request: (
    command: string,
    message: Message,
    part: (event: string, message: Message) => void,
  ) => Message | undefined;
}

/** A VICI server on a Unix socket, for tests without a real charon. */
export class ViciServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #service: ViciService;
  /** Clients, with the events for which each has registered. */
  readonly #clients = new Map<Socket, Set<string>>();

  constructor(service: ViciService) {
    this.#service = service;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a path. A socket that an earlier server left there is replaced. */
  listen(path: string): Promise<void> {
    rmSync(path, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, resolve);
    });
  }

  /** Sends an event to each client that has registered for it. */
  publish(event: string, message: Message): void {
    const bytes = encodePacket(PacketType.event, event, message);
    for (const [socket, events] of this.#clients) if (events.has(event)) socket.write(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#clients.keys()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    const frames = new FrameSplitter();
    this.#clients.set(socket, new Set());
    socket.on("close", () => this.#clients.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      try {
        for (const frame of frames.push(chunk)) this.#handle(socket, decodePacket(frame));
      } catch {
        // charon closes the connection as well if a client does not speak VICI.
        socket.destroy();
      }
    });
  }

  #handle(socket: Socket, packet: Packet): void {
    if (packet.type === PacketType.commandRequest) return this.#reply(socket, packet);
    const events = this.#clients.get(socket) ?? new Set();
    const known = this.#service.events.has(packet.name);
    if (known && packet.type === PacketType.eventRegister) events.add(packet.name);
    if (known && packet.type === PacketType.eventUnregister) events.delete(packet.name);
    socket.write(encodePacket(known ? PacketType.eventConfirm : PacketType.eventUnknown));
  }

  #reply(socket: Socket, packet: Packet): void {
    const part = (event: string, message: Message) => {
      if (this.#clients.get(socket)?.has(event) !== true) return;
      socket.write(encodePacket(PacketType.event, event, message));
    };
    const reply = this.#service.request(packet.name, packet.message(), part);
    if (reply === undefined) socket.write(encodePacket(PacketType.commandUnknown));
    else socket.write(encodePacket(PacketType.commandResponse, undefined, reply));
  }
}
