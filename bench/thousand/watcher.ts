import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";

/**
 * Who watches a runtime: a Prometheus that scrapes each five seconds, and a browser that has
 * the inspector's page open. Its arguments are their URLs, and for how long, in milliseconds.
 * Prints, as JSON, how long each scrape took in milliseconds, and the bytes of both.
 */
const [, , metrics = "", inspector = "", forMs = ""] = process.argv;
const everyMs = 5_000;
let told = 0;
const page = new WebSocket(`${inspector.replace("http", "ws")}?page`);
page.on("message", (message) => (told += (message as Buffer).length));

const scrapes: number[] = [];
let scraped = 0;
const until = performance.now() + Number(forMs);
while (performance.now() < until) {
  const since = performance.now();
  const text = await (await fetch(metrics)).text();
  scrapes.push(performance.now() - since);
  scraped = text.length;
  if (!text.includes("\nipman_charon_up 1\n")) throw new Error("charon did not answer a scrape");
  await pause(everyMs - (performance.now() - since));
}
page.terminate();
process.stdout.write(JSON.stringify({ scrapes, scraped, told }));
