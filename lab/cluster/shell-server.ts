import { spawn } from "node:child_process";
import { createServer } from "node:http";

/**
 * Runs scripts that are posted to it and streams their output, with the exit status at the
 * end: how a test acts on a machine of the lab. It listens on the lab's own network alone.
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
