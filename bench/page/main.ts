import { setTimeout as pause } from "node:timers/promises";
import type { CDPSession, Page } from "playwright-core";
import { eventually } from "../../lab/sites/shell.ts";
import { launch, partners, Viewer } from "../../test/browser/viewer.ts";
import { World } from "../../test/simulator/world.ts";
import type { Row } from "../row.ts";

const connections = 340;
const scrollMs = 10_000;
/** With some ten events for each strike, fifty a second. */
const strikeMs = 200;
const minutes = 10;
const frameMs = 16.7;

/** What the inspector's page takes with a thousand actors: while it is scrolled, and in the long run. */
export async function page(): Promise<Row[]> {
  const browser = await launch();
  try {
    await using viewer = await Viewer.open(browser, new World(partners(connections)));
    const cdp = await viewer.page.context().newCDPSession(viewer.page);
    await cdp.send("Performance.enable");
    await eventually(async () => {
      if ((await up(viewer.page)) === 0) throw new Error("not all are up");
    }, 60_000);
    const storm = new Storm(viewer.world);
    const scrolled = await scroll(viewer.page, cdp, storm);
    // What ever is kept of the past is full after the first minute.
    const before = await heapAfter(viewer.page, storm, 1);
    const after = await heapAfter(viewer.page, storm, minutes);
    return rowsOf({ ...scrolled, growth: after - before });
  } finally {
    await browser.close();
  }
}

interface Measured {
  /** Milliseconds that the page's thread worked for a frame. */
  readonly work: number;
  readonly framesPerSecond: number;
  /** Bytes. */
  readonly growth: number;
}

function rowsOf({ work, framesPerSecond, growth }: Measured): Row[] {
  const against = "–";
  const what = "the inspector with 1,000 actors, 100 events a second, scrolled by hand";
  return [
    {
      what: `${what}: work for a frame`,
      against,
      unit: "ms",
      ours: work,
      goal: { atMost: frameMs },
    },
    {
      what: "the same: frames",
      against,
      unit: "per second",
      ours: framesPerSecond,
      goal: { atLeast: 58 },
    },
    {
      what: `the same: what ${minutes} minutes of 50 events a second more leave in its heap`,
      against,
      unit: "MB",
      ours: growth / 1_000_000,
      goal: { atMost: 3 },
    },
  ];
}

/** Connections that are closed by their peers, one after the other. */
class Storm {
  readonly #world: World;
  #next = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** One connection goes down and comes up: about ten events. */
  strike(): void {
    this.#world.charon.peerCloses(`partner-${this.#next}`);
    this.#next = (this.#next + 1) % connections;
  }
}

async function up(page: Page): Promise<number> {
  return page.getByRole("button", { name: `established ${2 * connections}` }).count();
}

/** Scrolls through the list, up and down, a row a frame, while things happen. */
async function scroll(page: Page, cdp: CDPSession, storm: Storm) {
  const taskSeconds = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
  };
  const before = await taskSeconds();
  const timer = setInterval(() => storm.strike(), 100);
  const frames = (await page.evaluate(`new Promise((resolve) => {
    const list = document.getElementById("actors");
    const until = performance.now() + ${scrollMs};
    let [frames, step, place] = [0, 26, 0];
    const frame = () => {
      frames++;
      place += step;
      if (place <= 0 || place >= 20_000) step = -step;
      list.scrollTop = place;
      if (performance.now() < until) requestAnimationFrame(frame);
      else resolve(frames);
    };
    requestAnimationFrame(frame);
  })`)) as number;
  clearInterval(timer);
  const work = (((await taskSeconds()) - before) * 1_000) / frames;
  return { work, framesPerSecond: frames / (scrollMs / 1_000) };
}

/** The heap after so many minutes more of events, once what is garbage is gone. */
async function heapAfter(page: Page, storm: Storm, more: number): Promise<number> {
  const until = performance.now() + more * 60_000;
  while (performance.now() < until) {
    storm.strike();
    await pause(strikeMs);
  }
  await eventually(async () => {
    if ((await up(page)) === 0) throw new Error("not all are up");
  }, 60_000);
  const heap = "gc(), gc(), performance.memory.usedJSHeapSize";
  return (await page.evaluate(heap)) as number;
}
