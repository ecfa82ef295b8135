import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { childSpec, connectionSpec, secret } from "../../lab/sites/manifests.ts";
import type { InspectorServer } from "../../src/adapters/inspector/inspector-server.ts";
import type { Resource } from "../../src/model/api/resource.ts";
import { serveInspector } from "../../src/runtime/inspector/serve.ts";
import { resourceOf, type World } from "../simulator/world.ts";

const artifacts = join(import.meta.dirname, "../../artifacts/browser");

/** Debian's Chromium; what root may start has no sandbox. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"],
  });
}

/** `count` connections with a child each, named `partner-0` and on. */
export function partners(count: number): Resource[] {
  const all = Array.from({ length: count }, (_, i) => {
    const [a, b] = [100 + (i >> 8), i & 255];
    const child = childSpec(2, {
      name: "lan",
      local_ips: [`10.${a}.${b}.0/24`],
      remote_ips: [`11.${a}.${b}.0/24`],
      xfrm_ip: `10.${a}.${b}.1/24`,
      vxlan_ip: `10.${a}.${b}.2/24`,
      if_id: 1_000 + i,
      ip_pools: { primary: [`10.${a}.${b}.3-10.${a}.${b}.9/24`] },
    });
    return connectionSpec(`partner-${i}`, { children: { lan: child } });
  });
  const keys = Object.fromEntries(all.map(({ metadata }) => [metadata.name, "a key"]));
  return [resourceOf(secret(keys)), ...all.map(resourceOf)];
}

/** The inspector of a simulated host, looked at with a real browser. */
export class Viewer implements AsyncDisposable {
  readonly world: World;
  readonly page: Page;
  /** What the page complained of. */
  readonly complaints: string[] = [];
  #server: InspectorServer;

  private constructor(world: World, server: InspectorServer, page: Page) {
    this.world = world;
    this.page = page;
    this.#server = server;
    page.on("pageerror", ({ message }) => this.complaints.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
  }

  static async open(browser: Browser, world: World): Promise<Viewer> {
    await world.start();
    const server = await serveInspector("127.0.0.1:0", world.supervisor);
    const page = await browser.newPage({ viewport: { width: 1_500, height: 950 } });
    const viewer = new Viewer(world, server, page);
    await page.goto(server.url);
    return viewer;
  }

  /** The row of an actor. */
  row(title: string) {
    return this.page.locator(`.row[data-title="${title}"]:not([hidden])`);
  }

  /** Looks at an actor, and waits for its chart. */
  async select(title: string, machine: string): Promise<void> {
    await this.row(title).click();
    await this.page.locator(`#chart svg[data-machine="${machine}"]`).waitFor();
  }

  /** What is drawn of a chart: its states, pairs of states for edges, paths, what is lit. */
  async drawn() {
    const all = (selector: string, ...names: string[]) =>
      this.page
        .locator(selector)
        .evaluateAll(
          (elements, wanted) =>
            elements.map((one) => wanted.map((name) => one.getAttribute(name)).join(" ")),
          names,
        );
    return {
      states: await all(".chart-state", "data-state"),
      edges: await all(".edge", "data-source", "data-target"),
      active: await all(".chart-state.active", "data-state"),
      paths: await all(".edge path", "d"),
    };
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(artifacts, { recursive: true });
    await this.page.screenshot({ path: join(artifacts, `${name}.png`) });
  }

  /** Ends the server and starts another in its place, as an upgrade does. */
  async restart(whileAway: () => Promise<unknown>): Promise<void> {
    const { host } = new URL(this.#server.url);
    await this.#server[Symbol.asyncDispose]();
    await whileAway();
    this.#server = await serveInspector(host, this.world.supervisor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
    await this.#server[Symbol.asyncDispose]();
    await this.world[Symbol.asyncDispose]();
  }
}
