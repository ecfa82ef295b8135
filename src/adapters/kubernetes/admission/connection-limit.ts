import type { Socket } from "node:net";

/**
 * Bounds the connections of a server whose clients are not known: one more than that ends the
 * oldest. So clients that keep connections open cannot prevent others from being served.
 */
export class ConnectionLimit {
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

  /** Its client is known: it is not counted any more. */
  exempt(socket: Socket): void {
    this.#sockets.delete(peerOf(socket));
  }

  /** Ends all that are counted. */
  end(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
