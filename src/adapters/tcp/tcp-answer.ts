import { connect } from "node:net";
import { formatAddress, type Address } from "../../model/net/address.ts";

/** The answer to a connection by TCP; `none` within the time, or an error on the way. */
export type TcpAnswer = "accepted" | "refused" | "none";

/** Opens a connection from this process's network namespace, and closes it at once. */
export function tcpAnswer(address: Address, port: number, timeoutMs: number): Promise<TcpAnswer> {
  const { promise, resolve } = Promise.withResolvers<TcpAnswer>();
  const socket = connect({ host: formatAddress(address), port });
  const end = (answer: TcpAnswer) => {
    clearTimeout(timer);
    socket.destroy();
    resolve(answer);
  };
  const timer = setTimeout(() => end("none"), timeoutMs);
  socket.on("connect", () => end("accepted"));
  socket.on("error", ({ code }: NodeJS.ErrnoException) =>
    end(code === "ECONNREFUSED" ? "refused" : "none"),
  );
  return promise;
}
