import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { childSpec, connectionSpec, secret } from "../../lab/sites/manifests.ts";
import type { InspectorServer } from "../../src/adapters/inspector/inspector-server.ts";
import type { Resource } from "../../src/model/api/resource.ts";
import { serveInspector } from "../../src/runtime/inspector/serve.ts";
import { resourceOf, type World } from "../simulator/world.ts";

const artifacts = join(import.meta.dirname, "../../artifacts/browser");

/** Starts Debian's Chromium, without the sandbox, which root cannot use. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"],
  });
}

/** `count` connections named `partner-0` and on, with one child each, and their Secret. */
export function partners(count: number): Resource[] {
  const connections = Array.from({ length: count }, (_, i) => {
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
  const keys = Object.fromEntries(connections.map(({ metadata }) => [metadata.name, "a key"]));
  return [resourceOf(secret(keys)), ...connections.map(resourceOf)];
}

/** The inspector of a simulated host in a real browser. */
export class Viewer implements AsyncDisposable {
  readonly world: World;
  readonly page: Page;
  /** The page's exceptions and error messages. */
  readonly errors: string[] = [];
  #server: InspectorServer;

  private constructor(world: World, server: InspectorServer, page: Page) {
    this.world = world;
    this.page = page;
    this.#server = server;
    page.on("pageerror", ({ message }) => this.errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
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

  /** The row of an actor in the tree. */
  row(title: string) {
    return this.page.locator(`.row[data-title="${title}"]:not([hidden])`);
  }

  /** The title of the selected row. */
  selected(): Promise<string | null> {
    return this.page.locator('.row[aria-selected="true"]').getAttribute("data-title");
  }

  /** Selects an actor; a connection or child then shows its public states. */
  async select(title: string): Promise<void> {
    await this.row(title).click();
    await this.page.getByRole("heading", { name: title, exact: true }).waitFor();
  }

  /** Selects an actor and opens its whole chart. */
  async openChart(title: string, machine: string): Promise<void> {
    await this.select(title);
    const hasOverview = ["connection", "path", "child"].includes(machine);
    if (hasOverview) await this.page.getByRole("button", { name: "open the whole chart" }).click();
    await this.page.locator(`#chart svg[data-machine="${machine}"]`).waitFor();
  }

  /** Waits until the public states of the selected actor have this one lit. */
  async waitForPublicState(state: string): Promise<void> {
    await this.page.locator(`.states .active[data-public="${state}"]`).waitFor();
  }

  /** The drawn chart: its states, its edges as pairs of states, its paths, its active states. */
  async drawn() {
    const attributesOf = (selector: string, ...names: string[]) =>
      this.page
        .locator(selector)
        .evaluateAll(
          (elements, wanted) =>
            elements.map((element) => wanted.map((name) => element.getAttribute(name)).join(" ")),
          names,
        );
    return {
      states: await attributesOf(".chart-state", "data-state"),
      edges: await attributesOf(".edge", "data-source", "data-target"),
      active: await attributesOf(".chart-state.active", "data-state"),
      paths: await attributesOf(".edge path", "d"),
    };
  }

  /** Whether something is wider than the window. */
  scrollsSideways(): Promise<boolean> {
    return this.page.locator("html").evaluate((html) => html.scrollWidth > html.clientWidth);
  }

  /** An attribute of the focused element; undefined if no element has the focus. */
  async focused(attribute: string): Promise<string | null | undefined> {
    const attributes = await this.page
      .locator("body *:focus")
      .evaluateAll((elements, name) => elements.map((one) => one.getAttribute(name)), attribute);
    return attributes[0];
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(artifacts, { recursive: true });
    await this.page.screenshot({ path: join(artifacts, `${name}.png`) });
  }

  /** Stops the server and starts another at its address, as an upgrade does. */
  async restart(whileDown: () => Promise<unknown>): Promise<void> {
    const { host } = new URL(this.#server.url);
    await this.#server[Symbol.asyncDispose]();
    await whileDown();
    this.#server = await serveInspector(host, this.world.supervisor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
    await this.#server[Symbol.asyncDispose]();
    await this.world[Symbol.asyncDispose]();
  }
}
