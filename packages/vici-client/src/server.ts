import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { FrameSplitter } from "./frames.ts";
import type { Message } from "./message.ts";
import { decodePacket, encodePacket, PacketType, type Packet } from "./packet.ts";

/** What a {@link ViciServer} serves. */
export interface ViciService {
  /** The events that clients may ask for. */
  readonly events: ReadonlySet<string>;
  /**
   * Answers a command; undefined for one that it does not know.
   *
   * @param part sends an event to the client that asked, such as one entry of a list
   */
  readonly request: (
    command: string,
    message: Message,
    part: (event: string, message: Message) => void,
  ) => Message | undefined;
}

/** The other end of VICI, on a Unix socket: for tests that need a charon and have none. */
export class ViciServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #service: ViciService;
  /** Clients with the events that each has asked for. */
  readonly #clients = new Map<Socket, Set<string>>();

  constructor(service: ViciService) {
    this.#service = service;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a path; a socket that an earlier server left there is replaced. */
  listen(path: string): Promise<void> {
    rmSync(path, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, resolve);
    });
  }

  /** Sends an event to each client that asked for it. */
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
        for (const frame of frames.push(chunk)) this.#take(socket, decodePacket(frame));
      } catch {
        // As charon does with a client that does not speak VICI.
        socket.destroy();
      }
    });
  }

  #take(socket: Socket, packet: Packet): void {
    if (packet.type === PacketType.commandRequest) return this.#answer(socket, packet);
    const events = this.#clients.get(socket) ?? new Set();
    const known = this.#service.events.has(packet.name);
    if (known && packet.type === PacketType.eventRegister) events.add(packet.name);
    if (known && packet.type === PacketType.eventUnregister) events.delete(packet.name);
    socket.write(encodePacket(known ? PacketType.eventConfirm : PacketType.eventUnknown));
  }

  #answer(socket: Socket, packet: Packet): void {
    const part = (event: string, message: Message) => {
      if (this.#clients.get(socket)?.has(event) !== true) return;
      socket.write(encodePacket(PacketType.event, event, message));
    };
    const reply = this.#service.request(packet.name, packet.message(), part);
    if (reply === undefined) socket.write(encodePacket(PacketType.commandUnknown));
    else socket.write(encodePacket(PacketType.commandResponse, undefined, reply));
  }
}
