import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";

/**
 * Watches a runtime like a Prometheus that scrapes every five seconds, and a browser with the
 * inspector's page. Its arguments are their URLs and the duration in milliseconds. Prints, as JSON,
 * the duration of each scrape in milliseconds, and the bytes of both.
 */
const [, , metrics = "", inspector = "", forMs = ""] = process.argv;
const everyMs = 5_000;
let received = 0;
const page = new WebSocket(`${inspector.replace("http", "ws")}?page`);
page.on("message", (message) => (received += (message as Buffer).length));

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
process.stdout.write(JSON.stringify({ scrapes, scraped, received }));
