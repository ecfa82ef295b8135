import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { eventually } from "../../lab/sites/shell.ts";
import { World } from "../simulator/world.ts";
import { launch, partners, Viewer } from "./viewer.ts";

const lightPaper = "rgb(251, 251, 250)";
const darkPaper = "rgb(20, 24, 28)";
const rowHeight = 26;

describe("the inspector's keys", () => {
  let browser: Browser;
  before(async () => void (browser = await launch()));
  after(() => browser.close());

  async function open(count: number): Promise<Viewer> {
    const viewer = await Viewer.open(browser, new World(partners(count)));
    await viewer.row("charon").waitFor();
    await eventually(async () => {
      const height = await viewer.page.locator(".rows").evaluate((rows) => rows.clientHeight);
      assert.equal(height, (1 + 4 * count) * rowHeight);
    });
    return viewer;
  }

  const isSelected = (viewer: Viewer, title: string) =>
    eventually(async () => assert.equal(await viewer.selected(), title));

  const hasPaper = ({ page }: Viewer, color: string) =>
    eventually(async () => {
      const paper = await page
        .locator("body")
        .evaluate((body) => body.ownerDocument.defaultView.getComputedStyle(body).backgroundColor);
      assert.equal(paper, color);
    });

  it("select the next and the previous actor, from one end of the tree to the other", async () => {
    await using viewer = await open(4);
    const { page } = viewer;
    await isSelected(viewer, "charon");
    await page.keyboard.press("j");
    await isSelected(viewer, "partner-0");
    await page.keyboard.press("k");
    await page.keyboard.press("ArrowUp");
    await isSelected(viewer, "partner-3/lan gateway");
  });

  it("go to the next actor that has failed", async () => {
    await using viewer = await open(3);
    const { page, world } = viewer;
    world.behaviours.set("partner-1", "wrong key");
    world.charon.peerCloses("partner-1");
    await viewer.row("partner-1").and(page.locator('[data-tone="bad"]')).waitFor();
    await page.keyboard.press("f");
    await isSelected(viewer, "partner-1");
  });

  it("switch the theme", async () => {
    await using viewer = await open(1);
    await hasPaper(viewer, lightPaper);
    await viewer.page.keyboard.press("t");
    await hasPaper(viewer, darkPaper);
  });

  it("open the help, which Escape closes", async () => {
    await using viewer = await open(1);
    const { page } = viewer;
    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Keys" });
    await help.getByText("next actor that has failed").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Escape");
    await help.waitFor({ state: "hidden" });
    assert.equal(await viewer.selected(), "charon");
  });

  it("move through the tree, which has one tab stop", async () => {
    await using viewer = await open(3);
    const { page } = viewer;
    const focused = async () => (await viewer.focused("data-title")) ?? undefined;
    for (let i = 0; i < 20 && (await focused()) === undefined; i++)
      await page.keyboard.press("Tab");
    assert.equal(await focused(), "charon");
    assert.equal(await page.locator('[role="treeitem"][tabindex="0"]').count(), 1);
    const moves = [
      ["ArrowDown", "partner-0"],
      ["ArrowRight", "partner-0 path"],
      ["ArrowRight", "partner-0/lan"],
      ["ArrowDown", "partner-0/lan gateway"],
      ["ArrowLeft", "partner-0"],
      ["End", "partner-2/lan gateway"],
      ["Home", "charon"],
    ] as const;
    for (const [key, title] of moves) {
      await page.keyboard.press(key);
      await isSelected(viewer, title);
      assert.equal(await focused(), title);
      assert.equal(await page.locator('[role="treeitem"][tabindex="0"]').count(), 1);
    }
    await page.keyboard.press("j");
    await eventually(async () => assert.equal(await focused(), "partner-0"));
    await page.keyboard.press("Tab");
    assert.equal(await focused(), undefined);
  });

  it("reach the tree's rows after a scroll as well", async () => {
    await using viewer = await open(40);
    const { page } = viewer;
    await page.locator("#actors").evaluate((list) => (list.scrollTop = 1_500));
    await eventually(async () => {
      const stops = page.locator('[role="treeitem"][tabindex="0"]:visible');
      assert.equal(await stops.count(), 1);
      assert.ok(Number(await stops.getAttribute("data-index")) > 50);
    });
  });

  it("reach rows that have a level and a position among their siblings", async () => {
    await using viewer = await open(3);
    const attributes = (title: string) =>
      Promise.all(
        ["aria-level", "aria-posinset", "aria-setsize"].map((name) =>
          viewer.row(title).getAttribute(name),
        ),
      );
    assert.deepEqual(await attributes("charon"), ["1", "1", "4"]);
    assert.deepEqual(await attributes("partner-1"), ["1", "3", "4"]);
    assert.deepEqual(await attributes("partner-1 path"), ["2", "1", "2"]);
    assert.deepEqual(await attributes("partner-1/lan"), ["3", "1", "1"]);
    assert.deepEqual(await attributes("partner-1/lan gateway"), ["2", "2", "2"]);
  });

  it("open the whole chart from the tree and from a public state, and close it", async () => {
    await using viewer = await open(1);
    const { page } = viewer;
    const chart = page.locator('#chart svg[data-machine="connection"]');
    await viewer.select("partner-0");
    await viewer.waitForPublicState("established");
    await page.keyboard.press("Enter");
    await chart.waitFor();
    await page.keyboard.press("Escape");
    await chart.waitFor({ state: "hidden" });
    await page.locator('.states [data-public="established"] button').focus();
    await page.keyboard.press("Enter");
    await chart.waitFor();
    await page.getByRole("button", { name: "back to the public states" }).waitFor();
    assert.equal(await viewer.focused("id"), "inside");
    await page.keyboard.press("Escape");
    await chart.waitFor({ state: "hidden" });
  });

  it("change the timeline's period while its select element has the focus", async () => {
    await using viewer = await open(1);
    const { page } = viewer;
    const period = page.getByLabel("timeline period");
    await period.focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("img", { name: /^states of the last 30 min/ }).waitFor();
    assert.equal(await period.inputValue(), String(30 * 60_000));
    assert.equal(await viewer.selected(), "charon");
  });

  it("do nothing else while a button or the search has the focus", async () => {
    await using viewer = await open(2);
    const { page } = viewer;
    await isSelected(viewer, "charon");
    for (const focused of [page.locator("#pause"), page.locator("#search")]) {
      await focused.focus();
      for (const key of ["j", "t", "f", "?"]) await page.keyboard.press(key);
    }
    await page.locator("#search").fill("");
    await page.locator("#pause").focus();
    await viewer.row("partner-0").waitFor();
    assert.equal(await viewer.selected(), "charon");
    assert.equal(await page.locator("dialog[open]").count(), 0);
    await hasPaper(viewer, lightPaper);
  });

  it("of a single character can be switched off", async () => {
    await using viewer = await open(2);
    const { page } = viewer;
    await page.keyboard.press("?");
    await page.getByLabel("use keys of a single character").uncheck();
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    await page.locator("#keys").blur();
    await page.keyboard.press("j");
    await page.keyboard.press("ArrowDown");
    await isSelected(viewer, "partner-0");
  });
});
