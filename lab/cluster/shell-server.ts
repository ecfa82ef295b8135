import { spawn } from "node:child_process";
import { createServer } from "node:http";

/**
 * Runs scripts that a test posts to a machine of the lab and streams their output, with the exit
 * status at the end. It listens only on the lab's own network.
 */
const [address] = process.argv.slice(2);
createServer((request, response) => {
  const shell = spawn("bash", ["-s"], { stdio: ["pipe", "pipe", "pipe"] });
  request.pipe(shell.stdin);
  shell.stdin.on("error", () => {});
  shell.stdout.on("data", (chunk: Buffer) => response.write(chunk));
  shell.stderr.on("data", (chunk: Buffer) => response.write(chunk));
  shell.on("close", (code, signal) => response.end(`\n${code ?? signal}`));
  // The client has disconnected.
  response.on("close", () => shell.kill("SIGKILL"));
}).listen(9999, address);
