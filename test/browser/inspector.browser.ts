import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { eventually } from "../../lab/sites/shell.ts";
import { charonMachine } from "../../src/machines/charon.ts";
import { childMachine } from "../../src/machines/child/child.ts";
import { connectionMachine } from "../../src/machines/connection/connection.ts";
import { gatewayMachine } from "../../src/machines/gateway/gateway.ts";
import { World } from "../simulator/world.ts";
import { launch, partners, Viewer } from "./viewer.ts";

const charts: readonly (readonly [title: string, machine: AnyStateMachine])[] = [
  ["charon", charonMachine],
  ["partner-0", connectionMachine],
  ["partner-0/lan", childMachine],
  ["partner-0/lan gateway", gatewayMachine],
] as never;

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

/** Pairs of states that a transition of the machine's leads between. */
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

  it("draws the chart of each machine as the machine is", async () => {
    await using viewer = await open(2);
    for (const [title, machine] of charts) {
      await viewer.select(title, machine.id);
      const drawn = await viewer.drawn();
      const states = nodesOf(machine.root).map(({ id }) => id);
      assert.deepEqual(drawn.states.toSorted(), states.toSorted());
      assert.deepEqual(drawn.edges.toSorted(), [...edgesOf(machine)].toSorted());
      assert.ok(drawn.paths.every((path) => /^M[\d. ]+L?[-\d. LQ]*$/.test(path)));
      assert.equal(drawn.active[0], machine.id);
      await viewer.screenshot(`chart-${machine.id}`);
    }
    await viewer.select("partner-0", "connection");
    const established = '[data-state="connection.established"].active';
    await viewer.page.locator(established).waitFor();
    assert.deepEqual(viewer.complaints, []);
  });

  it("shows a failure as it happens, why it is one, and when it was", async (test) => {
    await using viewer = await open(3);
    const { page, world } = viewer;
    await viewer.select("partner-1", "connection");
    await page.locator('[data-state="connection.established"].active').waitFor();
    world.behaviours.set("partner-1", "wrong key");
    world.charon.peerCloses("partner-1");
    const shown = performance.now();
    await page.locator('[data-state="connection.failed"].active').waitFor();
    test.diagnostic(`seen after ${Math.round(performance.now() - shown)} ms`);
    await page.getByText(/AuthenticationFailed: the peer refused/).waitFor();
    await page.locator('.events .move[data-tone="bad"]').first().waitFor();
    await page.locator('.lane[data-title="partner-1"] .span[data-tone="bad"]').waitFor();
    await viewer.row("partner-1/lan").and(page.locator('[data-tone="bad"]')).waitFor();
    await viewer.screenshot("failure");
    assert.deepEqual(viewer.complaints, []);
  });

  it("is led by keys, searched and filtered", async () => {
    await using viewer = await open(30);
    const { page } = viewer;
    const count = () => page.locator(".row:not([hidden])").count();
    const chosen = () => page.locator('.row[aria-selected="true"]').getAttribute("data-title");
    await page.locator("#chart svg").waitFor();
    await page.keyboard.press("j");
    await eventually(async () => assert.equal(await chosen(), "partner-0"));
    await page.keyboard.press("k");
    await page.keyboard.press("k");
    await eventually(async () => assert.equal(await chosen(), "partner-9/lan gateway"));
    await page.keyboard.press("/");
    await page.keyboard.type("partner-17/lan");
    await eventually(async () => assert.equal(await count(), 2));
    await page.keyboard.press("Escape");
    await viewer.row("charon").waitFor();
    await page.getByRole("button", { name: /^established/ }).click();
    await viewer.row("charon").waitFor({ state: "detached" });
    await page.getByRole("button", { name: /^established/ }).click();
    await viewer.row("charon").waitFor();
    await page.keyboard.press("t");
    const paper = () =>
      page
        .locator("body")
        .evaluate((body) => body.ownerDocument.defaultView.getComputedStyle(body).backgroundColor);
    await eventually(async () => assert.equal(await paper(), "rgb(20, 24, 28)"));
    await viewer.screenshot("dark");
    await page.keyboard.press("?");
    await page.getByText("next actor that has failed").waitFor();
    await page.keyboard.press("Escape");
    // What was looked at is looked at again by whoever opens the same address.
    await page.reload();
    await eventually(async () => assert.equal(await chosen(), "partner-9/lan gateway"));
    assert.deepEqual(viewer.complaints, []);
  });

  it("comes back by itself, and knows what came about meanwhile", async () => {
    await using viewer = await open(2);
    const { page } = viewer;
    await viewer.select("partner-0", "connection");
    await viewer.restart(async () => {
      await page.locator('#connection[data-state="lost"]').waitFor();
      viewer.world.declare(partners(3));
    });
    await page.locator('#connection[data-state="connected"]').waitFor();
    await viewer.row("partner-2").waitFor();
    assert.equal(
      await page.locator('.row[aria-selected="true"]').getAttribute("data-title"),
      "partner-0",
    );
  });

  it("holds a thousand actors with a few rows, and no more memory for more events", async () => {
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
    const storm = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < 340; i++) world.charon.peerCloses(`partner-${i}`);
        await eventually(async () => {
          const up = await page.getByRole("button", { name: "established 680" }).count();
          assert.equal(up, 1);
        }, 30_000);
      }
      return page.evaluate(() => {
        (globalThis as unknown as { gc: () => void }).gc();
        return (performance as unknown as { memory: { usedJSHeapSize: number } }).memory
          .usedJSHeapSize;
      });
    };
    const before = await storm(4);
    const afterwards = await storm(4);
    const growth = (afterwards - before) / 1_000_000;
    assert.ok(growth < 3, `the page grew by ${growth} MB`);
    assert.deepEqual(viewer.complaints, []);
  });
});
