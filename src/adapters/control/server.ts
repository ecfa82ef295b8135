import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { Observable, Subscription } from "rxjs";
import { encodeLine, LineDecoder, type ControlReply, type ControlRequest } from "./protocol.ts";

/** The bytes that a client may leave unread. */
const maxUnread = 16 * 1024 * 1024;

/** Returns the results of a request, which are sent until they complete or the client leaves. */
export type ControlHandler = (request: ControlRequest) => Observable<unknown>;

/** The local socket through which `ipman status` and `ipman attach` reach a runtime; for root only. */
export class ControlServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #path: string;
  #inode: number | undefined;

  private constructor(path: string, handler: ControlHandler) {
    this.#path = path;
    this.#server = createServer((socket) => this.#serve(socket, handler));
  }

  /** @throws Error if another runtime answers on that path */
  static async listen(path: string, handler: ControlHandler): Promise<ControlServer> {
    if (await answers(path))
      throw new Error(`${path} is in use: another ipman runs with this state folder`);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    const server = new ControlServer(path, handler);
    server.#server.listen(path);
    await once(server.#server, "listening");
    chmodSync(path, 0o600);
    server.#inode = inodeOf(path);
    return server;
  }

  /** Whether the path still leads to this server: another program may have removed the socket. */
  get isPresent(): boolean {
    return inodeOf(this.#path) === this.#inode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy();
    // Closing removes the socket at the path, which may belong to another server by now.
    if (existsSync(this.#path) && !this.isPresent) return void this.#server.unref();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#path, { force: true });
  }

  #serve(socket: Socket, handler: ControlHandler): void {
    const lines = new LineDecoder();
    let answer: Subscription | undefined;
    this.#clients.add(socket);
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#clients.delete(socket);
      answer?.unsubscribe();
    });
    const send = (reply: ControlReply) => {
      socket.write(encodeLine(reply));
      // A client that does not read must not exhaust the memory that the tunnels need.
      if (socket.writableLength > maxUnread) socket.destroy();
    };
    const fail = (error: unknown) => {
      send({ error: error instanceof Error ? error.message : String(error) });
      socket.end();
    };
    socket.on("data", (chunk: string) => {
      try {
        const request = lines.push(chunk)[0] as ControlRequest | undefined;
        if (request === undefined || answer !== undefined) return;
        answer = handler(request).subscribe({
          next: (result) => send({ result }),
          error: fail,
          complete: () => socket.end(),
        });
      } catch (error) {
        fail(error);
      }
    });
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Whether a process listens on the path: one that was killed leaves its socket file behind. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
