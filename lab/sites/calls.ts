import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/*
 * Usage: node calls.ts HOST PORT SECONDS
 *
 * Calls a greeter all the time, by a connection of its own each time, and prints a JSON object: the
 * numbers of calls that were answered and that failed, the distinct answers, and the longest time
 * between two answers in milliseconds.
 */
const [host = "", port = "", seconds = ""] = process.argv.slice(2);
const patienceMs = 300;
const everyMs = 50;

/** The answer; undefined without one. */
function call(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.once("connect", () => socket.write("?\n"));
    socket.once("data", (data) => {
      resolve(data.toString().trim());
      socket.end();
    });
    socket.once("error", () => socket.destroy());
    socket.once("close", () => resolve(undefined));
  });
}

const answers = new Set<string>();
const end = performance.now() + Number(seconds) * 1_000;
let [answered, failed, gapMs] = [0, 0, 0];
let last = performance.now();
const note = () => {
  const now = performance.now();
  gapMs = Math.max(gapMs, Math.round(now - last));
  return now;
};
while (performance.now() < end) {
  const answer = await call();
  if (answer === undefined) failed++;
  else {
    answered++;
    answers.add(answer);
    last = note();
    await pause(everyMs);
  }
}
note();
process.stdout.write(`${JSON.stringify({ answered, failed, gapMs, answers: [...answers] })}\n`);
