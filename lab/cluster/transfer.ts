import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/**
 * A transfer by TCP whose every byte is checked:
 *
 *   transfer.ts receive ADDRESS          answers each transfer with what has arrived
 *   transfer.ts send ADDRESS SECONDS     sends a little at a time, and prints the result as JSON
 */
const port = 7007;
const chunkBytes = 8_192;
const chunkMs = 20;
/** A sender repeats a lost packet ever more slowly. */
const patienceMs = 60_000;

function receive(socket: Socket): void {
  const hash = createHash("sha256");
  let bytes = 0;
  let stallMs = 0;
  let last = performance.now();
  socket.on("data", (data: Buffer) => {
    const now = performance.now();
    stallMs = Math.max(stallMs, Math.round(now - last));
    last = now;
    bytes += data.length;
    hash.update(data);
  });
  socket.on("end", () =>
    socket.end(JSON.stringify({ bytes, stallMs, digest: hash.digest("hex") })),
  );
  socket.on("error", () => socket.destroy());
}

async function send(address: string, seconds: number): Promise<void> {
  const socket = connect(port, address);
  socket.setTimeout(patienceMs, () => socket.destroy(new Error("nothing was acknowledged")));
  let answer = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => (answer += text));
  const closed = once(socket, "close");
  await once(socket, "connect");
  const hash = createHash("sha256");
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const chunk = randomBytes(chunkBytes);
    hash.update(chunk);
    if (!socket.write(chunk)) await once(socket, "drain");
    await new Promise((resolve) => setTimeout(resolve, chunkMs));
  }
  socket.end();
  await closed;
  const { bytes, stallMs, digest } = JSON.parse(answer) as Record<string, unknown>;
  const complete = digest === hash.digest("hex");
  process.stdout.write(JSON.stringify({ bytes, stallMs, complete }));
}

const [role, address = "", seconds] = process.argv.slice(2);
if (role === "receive") createServer({ allowHalfOpen: true }, receive).listen(port, address);
else await send(address, Number(seconds));
