import type { Socket } from "node:net";

/**
 * Limits the connections of unknown clients to a server: a connection above the limit closes the
 * oldest one. Clients that keep connections open thus cannot block others.
 */
export class ConnectionLimit {
  /** By the peer's address and port, which a TLS socket shares with its TCP socket. */
  readonly #sockets = new Map<string, Socket>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(socket: Socket): void {
    const key = peerOf(socket);
    this.#sockets.set(key, socket);
    socket.once("close", () => {
      if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
    });
    const [oldest] = this.#sockets.values();
    if (this.#sockets.size > this.#max) oldest?.destroy();
  }

  /** Stops counting a connection, since its client is known. */
  exempt(socket: Socket): void {
    this.#sockets.delete(peerOf(socket));
  }

  /** Closes all connections that are counted. */
  end(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
