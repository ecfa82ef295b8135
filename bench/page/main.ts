import { setTimeout as pause } from "node:timers/promises";
import type { CDPSession, Page } from "playwright-core";
import { eventually } from "../../lab/sites/shell.ts";
import { launch, partners, Viewer } from "../../test/browser/viewer.ts";
import { World } from "../../test/simulator/world.ts";
import type { Row } from "../row.ts";

const connections = 340;
const scrollMs = 10_000;
/** Each closed connection causes about ten events, so this makes fifty a second. */
const closeMs = 200;
const minutes = 10;
const frameMs = 16.7;

/** Measures the inspector's page with a thousand actors: its work while scrolled, its memory over time. */
export async function page(): Promise<Row[]> {
  const browser = await launch();
  try {
    await using viewer = await Viewer.open(browser, new World(partners(connections)));
    const cdp = await viewer.page.context().newCDPSession(viewer.page);
    await cdp.send("Performance.enable");
    await eventually(async () => {
      if ((await allEstablished(viewer.page)) === 0) throw new Error("not all are established");
    }, 60_000);
    const storm = new Storm(viewer.world);
    const scrolled = await scroll(viewer.page, cdp, storm);
    // The event log and the history are full after the first minute.
    const before = await heapAfter(viewer.page, storm, 1);
    const after = await heapAfter(viewer.page, storm, minutes);
    return rowsOf({ ...scrolled, growth: after - before });
  } finally {
    await browser.close();
  }
}

interface Measured {
  /** Milliseconds of work of the page's thread per frame. */
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
      what: `the same: growth of its heap in ${minutes} more minutes with 50 events a second`,
      against,
      unit: "MB",
      ours: growth / 1_000_000,
      goal: { atMost: 3 },
    },
  ];
}

/** Peers that close their connections, one after the other. */
class Storm {
  readonly #world: World;
  #next = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Closes one connection, which comes up again: about ten events. */
  closeNext(): void {
    this.#world.charon.peerCloses(`partner-${this.#next}`);
    this.#next = (this.#next + 1) % connections;
  }
}

async function allEstablished(page: Page): Promise<number> {
  return page.getByRole("button", { name: `established ${2 * connections}` }).count();
}

/** Scrolls through the tree, up and down, by a row per frame, while events arrive. */
async function scroll(page: Page, cdp: CDPSession, storm: Storm) {
  const taskSeconds = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
  };
  const before = await taskSeconds();
  const timer = setInterval(() => storm.closeNext(), 100);
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

/** The heap after this many more minutes of events, after a garbage collection. */
async function heapAfter(page: Page, storm: Storm, moreMinutes: number): Promise<number> {
  const until = performance.now() + moreMinutes * 60_000;
  while (performance.now() < until) {
    storm.closeNext();
    await pause(closeMs);
  }
  await eventually(async () => {
    if ((await allEstablished(page)) === 0) throw new Error("not all are established");
  }, 60_000);
  const heap = "gc(), gc(), performance.memory.usedJSHeapSize";
  return (await page.evaluate(heap)) as number;
}
