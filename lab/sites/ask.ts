import { createSocket } from "node:dgram";
import { connect } from "node:net";

/*
 * Usage: node ask.ts HOST PORT COUNT [tcp|udp] [OWN_PORT]
 *
 * Asks a greeter that often, by a connection or a socket of its own each time, and prints a JSON object:
 * answer → its number. An error counts as an answer with the name of its code.
 */
const [host = "", port = "", count = "", by = "tcp", own] = process.argv.slice(2);
const patienceMs = 2_000;

function byTcp(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.setTimeout(patienceMs, () =>
      socket.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })),
    );
    socket.once("connect", () => socket.write("?\n"));
    socket.once("data", (data) => {
      resolve(data.toString().trim());
      socket.end();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.once("close", () => resolve("closed"));
  });
}

function byUdp(): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    const done = (answer: string) => {
      clearTimeout(timer);
      resolve(answer);
      socket.close();
    };
    const timer = setTimeout(() => done("ETIMEDOUT"), patienceMs);
    socket.once("message", (data) => done(data.toString().trim()));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? "error"));
    if (own !== undefined) socket.bind(Number(own));
    // A connected socket learns of ICMP errors.
    socket.connect(Number(port), host, () => socket.send("?"));
  });
}

const answers: Record<string, number> = {};
for (let i = 0; i < Number(count); i++) {
  const answer = await (by === "udp" ? byUdp() : byTcp());
  answers[answer] = (answers[answer] ?? 0) + 1;
}
process.stdout.write(`${JSON.stringify(answers)}\n`);
