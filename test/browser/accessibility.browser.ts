import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import axe, { type AxeResults } from "axe-core";
import type { Browser } from "playwright-core";
import { eventually } from "../../lab/sites/shell.ts";
import { World } from "../simulator/world.ts";
import { launch, partners, Viewer } from "./viewer.ts";

const themes = ["light", "dark"] as const;
const windows = [
  { name: "desktop", width: 1_500, height: 950 },
  { name: "phone", width: 390, height: 844 },
] as const;

/** The views of the page, and the steps that open them. */
const views: Readonly<Record<string, (viewer: Viewer) => Promise<unknown>>> = {
  failed: async (viewer) => {
    await viewer.select("partner-1");
    await viewer.waitForPublicState("failed");
  },
  established: async (viewer) => {
    await viewer.select("partner-0/lan");
    await viewer.waitForPublicState("established");
  },
  chart: (viewer) => viewer.openChart("partner-1", "connection"),
  charon: (viewer) => viewer.openChart("charon", "charon"),
  gateway: (viewer) => viewer.openChart("partner-0/lan gateway", "gateway"),
  help: async ({ page }) => {
    await page.getByRole("button", { name: "keys" }).click();
    await page.getByRole("dialog").waitFor();
  },
  filtered: async ({ page }) => {
    await page.locator("#search").fill("partner-1");
    await page.getByRole("button", { name: /^failed/ }).click();
    await page.locator(".row:visible").nth(1).waitFor();
  },
  nothing: async (viewer) => {
    await viewer.page.locator("#search").fill("no such actor");
    await viewer.row("charon").waitFor({ state: "detached" });
  },
};

/** The violations that axe finds on the page, a line for each element. */
async function violations({ page }: Viewer): Promise<string[]> {
  await page.evaluate(axe.source);
  const results = (await page.evaluate("axe.run()")) as AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")} ${failureSummary ?? ""}`),
  );
}

describe("the accessible inspector", () => {
  let browser: Browser;
  before(async () => void (browser = await launch()));
  after(() => browser.close());

  async function open(): Promise<Viewer> {
    const world = new World(partners(3));
    const viewer = await Viewer.open(browser, world);
    world.behaviours.set("partner-1", "wrong key");
    world.charon.peerCloses("partner-1");
    await viewer.row("partner-1/lan").and(viewer.page.locator('[data-tone="bad"]')).waitFor();
    return viewer;
  }

  for (const { name, width, height } of windows) {
    for (const colorScheme of themes) {
      it(`has no violation that axe reports in ${colorScheme} mode on a ${name}`, async () => {
        await using viewer = await open();
        const { page } = viewer;
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        for (const [view, show] of Object.entries(views)) {
          await page.reload();
          await viewer.row("partner-2").waitFor();
          await show(viewer);
          assert.deepEqual(await violations(viewer), [], view);
          assert.equal(await viewer.scrollsSideways(), false, view);
          await viewer.screenshot(`${view}-${colorScheme}-${name}`);
        }
        assert.deepEqual(viewer.errors, []);
      });
    }
  }

  it("shows the state of the connection in words", async () => {
    await using viewer = await open();
    const status = viewer.page.getByRole("status");
    assert.equal(await status.textContent(), "live");
    await viewer.restart(async () => {
      await status.getByText("no connection; trying again").waitFor();
    });
    await status.getByText("live").waitFor();
  });

  it("names the active state of a chart in words", async () => {
    await using viewer = await open();
    const { page, world } = viewer;
    await viewer.openChart("partner-0 path", "path");
    const chart = (state: string) =>
      page.getByRole("img", { name: `state chart of path, active state: ${state}` });
    await chart("established").waitFor();
    world.behaviours.set("partner-0", "wrong key");
    world.charon.peerCloses("partner-0");
    await chart("failed.refused").waitFor();
  });

  it("keeps the selection of text in the details while durations are updated", async () => {
    await using viewer = await open();
    const { page } = viewer;
    await viewer.select("partner-1");
    const selected = () => page.evaluate("getSelection().toString()");
    for (const place of ["#details .failure", ".states .failure", "#details .events li"]) {
      const time = await page.locator("#details .time").textContent();
      await page.locator(place).first().selectText();
      const text = await selected();
      assert.notEqual(text, "", place);
      await eventually(async () =>
        assert.notEqual(await page.locator("#details .time").textContent(), time),
      );
      assert.equal(await selected(), text, place);
    }
  });
});
