import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { eventually } from "../../lab/sites/shell.ts";
import { charonMachine } from "../../src/machines/charon.ts";
import { childMachine } from "../../src/machines/child/child.ts";
import { connectionMachine } from "../../src/machines/connection/connection.ts";
import { gatewayMachine } from "../../src/machines/gateway/gateway.ts";
import { pathMachine } from "../../src/machines/path/path.ts";
import { World } from "../simulator/world.ts";
import { launch, partners, Viewer } from "./viewer.ts";

const charts: readonly (readonly [title: string, machine: AnyStateMachine])[] = [
  ["charon", charonMachine],
  ["partner-0", connectionMachine],
  ["partner-0 path", pathMachine],
  ["partner-0/lan", childMachine],
  ["partner-0/lan gateway", gatewayMachine],
] as never;

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

/** The pairs of states that the machine's transitions connect. */
function edgesOf({ root }: AnyStateMachine): Set<string> {
  const transitions = nodesOf(root).flatMap((node) => [
    ...[...node.transitions.values()].flat(),
    ...(node.always ?? []),
  ]);
  return new Set(
    transitions.flatMap(({ source, target = [] }) => target.map(({ id }) => `${source.id} ${id}`)),
  );
}

describe("the inspector in a browser", () => {
  let browser: Browser;
  before(async () => void (browser = await launch()));
  after(() => browser.close());
  const open = (count: number) => Viewer.open(browser, new World(partners(count)));

  it("draws the chart of each machine with the states and transitions of the machine", async () => {
    await using viewer = await open(2);
    for (const [title, machine] of charts) {
      await viewer.openChart(title, machine.id);
      const drawn = await viewer.drawn();
      const states = nodesOf(machine.root).map(({ id }) => id);
      assert.deepEqual(drawn.states.toSorted(), states.toSorted());
      assert.deepEqual(drawn.edges.toSorted(), [...edgesOf(machine)].toSorted());
      assert.ok(drawn.paths.every((path) => /^M[\d. ]+L?[-\d. LQ]*$/.test(path)));
      assert.equal(drawn.active[0], machine.id);
      await viewer.screenshot(`chart-${machine.id}`);
    }
    await viewer.openChart("partner-0", "connection");
    const established = '[data-state="connection.established"].active';
    await viewer.page.locator(established).waitFor();
    assert.deepEqual(viewer.errors, []);
  });

  it("opens a connection with its public states, and shows a failure beside the active one", async (test) => {
    await using viewer = await open(3);
    const { page, world } = viewer;
    await viewer.select("partner-1");
    await viewer.waitForPublicState("established");
    const states = await page.locator(".states li:visible").allTextContents();
    assert.equal(states.length, 5);
    world.behaviours.set("partner-1", "wrong key");
    world.charon.peerCloses("partner-1");
    const closedAt = performance.now();
    await viewer.waitForPublicState("failed");
    test.diagnostic(`shown after ${Math.round(performance.now() - closedAt)} ms`);
    const note = page.locator(".states .active .note");
    await note.getByText(/AuthenticationFailed: the peer refused/).waitFor();
    await note.getByText(/^for \d+ s$/).waitFor();
    await note.getByText(/^from negotiating at .*, by /).waitFor();
    await page.locator('.events .change[data-tone="bad"]').first().waitFor();
    await page.locator('.lane[data-title="partner-1"] .span[data-tone="bad"]').waitFor();
    await viewer.row("partner-1/lan").and(page.locator('[data-tone="bad"]')).waitFor();
    await viewer.screenshot("failure");
    await page.locator('.states [data-public="failed"] button').click();
    await page.locator('[data-state="connection.failed"].active').waitFor();
    await viewer.screenshot("failure-chart");
    assert.deepEqual(viewer.errors, []);
  });

  it("can be searched and filtered", async () => {
    await using viewer = await open(30);
    const { page } = viewer;
    const count = () => page.locator(".row:not([hidden])").count();
    await viewer.row("charon").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("partner-17/lan");
    await eventually(async () => assert.equal(await count(), 2));
    const names = await page.locator(".row:not([hidden]) .name").allTextContents();
    assert.deepEqual(names.toSorted(), ["partner-17/lan", "partner-17/lan gateway"]);
    await page.keyboard.press("Escape");
    await viewer.row("charon").waitFor();
    await page.getByRole("button", { name: /^established/ }).click();
    await viewer.row("charon").waitFor({ state: "detached" });
    await page.getByRole("button", { name: /^established/ }).click();
    await viewer.row("charon").waitFor();
    assert.deepEqual(viewer.errors, []);
  });

  it("lists partner-2 before partner-10", async () => {
    await using viewer = await open(12);
    await viewer.row("partner-11").waitFor();
    const titles = await viewer.page
      .locator(".row:not([hidden])")
      .evaluateAll((rows) =>
        rows
          .toSorted((a, b) => Number(a.dataset["index"]) - Number(b.dataset["index"]))
          .map((row) => String(row.dataset["title"])),
      );
    const roots = titles.filter((title) => /^partner-\d+$/.test(title));
    assert.deepEqual(
      roots,
      Array.from({ length: 12 }, (_, i) => `partner-${i}`),
    );
  });

  it("shows the same actor again after a reload", async () => {
    await using viewer = await open(2);
    await viewer.select("partner-1/lan gateway");
    await viewer.page.reload();
    await eventually(async () => assert.equal(await viewer.selected(), "partner-1/lan gateway"));
    assert.deepEqual(viewer.errors, []);
  });

  it("reconnects by itself, and then shows the actors that were added meanwhile", async () => {
    await using viewer = await open(2);
    const { page } = viewer;
    await viewer.select("partner-0");
    await viewer.restart(async () => {
      await page.locator('#connection[data-state="lost"]').waitFor();
      viewer.world.declare(partners(3));
    });
    await page.locator('#connection[data-state="connected"]').waitFor();
    await viewer.row("partner-2").waitFor();
    assert.equal(await viewer.selected(), "partner-0");
  });

  it("lists a thousand actors with a few elements, and uses bounded memory for events", async () => {
    await using viewer = await open(340);
    const { page, world } = viewer;
    await eventually(async () => {
      const height = await page.locator(".rows").evaluate((rows) => rows.clientHeight);
      assert.ok(height >= 1_000 * 26);
    }, 20_000);
    assert.ok((await page.locator(".row").count()) < 80);
    await page.locator("#actors").evaluate((list) => (list.scrollTop = 20_000));
    await eventually(async () => {
      const first = await page.locator(".row:not([hidden])").first().getAttribute("data-index");
      assert.ok(Number(first) > 700);
    });
    // The connections, their paths and their children.
    const established = page.getByRole("button", { name: "established 1020" });
    const storm = async () => {
      for (let round = 0; round < 2; round++) {
        world.declare([]);
        await established.waitFor({ state: "detached" });
        world.declare(partners(340));
        await established.waitFor({ timeout: 60_000 });
      }
      return page.evaluate(() => {
        (globalThis as unknown as { gc: () => void }).gc();
        return (performance as unknown as { memory: { usedJSHeapSize: number } }).memory
          .usedJSHeapSize;
      });
    };
    const before = await storm();
    const afterwards = await storm();
    const growth = (afterwards - before) / 1_000_000;
    assert.ok(growth < 2.5, `the page grew by ${growth} MB`);
    assert.deepEqual(viewer.errors, []);
  });
});
