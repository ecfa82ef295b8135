import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FrameSplitter } from "./frames.ts";
import type { Message } from "./message.ts";
import { decodePacket, encodePacket, type PacketType } from "./packet.ts";

/** A request that the scripted charon received. */
export interface Received {
  readonly type: number;
  readonly name: string;
  readonly message: Message;
  readonly socket: Socket;
}

/** A server on a Unix socket that replies by the script of a test. */
export class ScriptedCharon implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly sockets = new Set<Socket>();
  readonly #folder = mkdtempSync(join(tmpdir(), "vici-"));
  readonly path = join(this.#folder, "vici");
  readonly #server: Server;

  constructor(script: (request: Received) => void) {
    this.#server = createServer((socket) => {
      this.sockets.add(socket);
      const frames = new FrameSplitter();
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        for (const frame of frames.push(chunk)) {
          const request = requestOf(frame, socket);
          this.received.push(request);
          script(request);
        }
      });
    });
  }

  listen(): Promise<this> {
    return new Promise((resolve) => this.#server.listen(this.path, () => resolve(this)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true });
  }
}

/** Sends a packet; only events have a name. */
export function send(socket: Socket, type: PacketType, name?: string, message: Message = {}): void {
  socket.write(encodePacket(type, name || undefined, message));
}

function requestOf(frame: Buffer, socket: Socket): Received {
  const packet = decodePacket(frame);
  return { type: packet.type, name: packet.name, message: packet.message(), socket };
}
