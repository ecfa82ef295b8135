import type { Socket } from "node:net";

/**
 * Connections that have not sent a request with a secret path yet. There are only so many: one
 * more ends the oldest, so that they cannot keep the API server's own from being accepted.
 */
export class UnprovenConnections {
  /** By the peer's address and port, which a TLS socket shares with the one below it. */
  readonly #sockets = new Map<string, Socket>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    const key = peerOf(socket);
    this.#sockets.set(key, socket);
    socket.once("close", () => {
      if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
    });
    const [oldest] = this.#sockets.values();
    if (this.#sockets.size > this.#most) oldest?.destroy();
  }

  /** Ends them all. */
  end(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  /** Its peer is the API server: it is kept. */
  prove(socket: Socket): void {
    this.#sockets.delete(peerOf(socket));
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
