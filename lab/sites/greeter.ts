import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/*
 * Usage: node greeter.ts NAME PORT...
 *
 * Answers each line by TCP, and each datagram by UDP, with its name and the client's address.
 */
const [name = "", ...ports] = process.argv.slice(2);

const withoutMapping = (address = "") => address.replace(/^::ffff:/, "");
const greeting = (address: string | undefined) => `${name} ${withoutMapping(address)}\n`;

for (const port of ports.map(Number)) {
  const server = createServer((socket) => {
    socket.on("data", () => socket.write(greeting(socket.remoteAddress)));
    socket.on("error", () => {});
  });
  server.listen(port, "::");
  const datagrams = createSocket({ type: "udp6" });
  datagrams.on("message", (_, { address, port: from }) =>
    datagrams.send(greeting(address), from, address),
  );
  datagrams.bind(port, "::");
}
