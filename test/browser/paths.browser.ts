import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { childSpec, connectionSpec, secret } from "../../lab/sites/manifests.ts";
import { impliedGroupId } from "../../src/model/api/group.ts";
import type { ConnectionBeat, PathBeat } from "../../src/model/beats/beat.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { launch, Viewer } from "./viewer.ts";

const spare = "192.0.2.9";
const paths = [
  { name: "main", nodeName: "node-a" },
  { name: "second", remoteAddr: spare, nodeName: "node-a" },
  { name: "backup", remoteAddr: spare, nodeName: "node-b" },
  { name: "last", nodeName: "node-c", standby: "cold" },
];

const connection = connectionSpec("partner", {
  nodeName: "node-a",
  children: { lan: childSpec(2, { name: "lan" }) },
  paths,
});

/** The agent of node-a, which has two of the four paths. */
function world(): World {
  const resources = [resourceOf(secret({ partner: "a key" })), resourceOf(connection)];
  const place = { scope: "cluster", groupId: impliedGroupId("node-a") } as const;
  return new World(resources, {}, { place });
}

const report = (path: string, changes: Partial<PathBeat> = {}): PathBeat => {
  return { path, ready: false, up: false, failed: false, ...changes };
};

/** A report of another agent, which follows this one. */
function hear({ supervisor }: World, node: string, paths: readonly PathBeat[]): void {
  const beat: ConnectionBeat = {
    connection: "partner",
    epoch: 0,
    active: "main",
    dialled: undefined,
    cause: "start",
    leading: false,
    leaving: false,
    paths,
  };
  const group = impliedGroupId(node);
  supervisor.roots.get("partner")?.send({ type: "beat.heard", group, beat });
}

describe("the paths of a connection in the inspector", () => {
  let browser: Browser;
  before(async () => void (browser = await launch()));
  after(() => browser.close());
  const open = async () => {
    const viewer = await Viewer.open(browser, world());
    viewer.world.supervisor.roots.get("partner")?.send({ type: "peers.known" });
    return viewer;
  };
  const role = (viewer: Viewer, title: string, text: string) =>
    viewer.row(title).locator(".role", { hasText: text }).waitFor();

  it("are actors with their role and node, and those of other nodes are visibly reported", async () => {
    await using viewer = await open();
    await role(viewer, "partner path", "active on node-a");
    await role(viewer, "partner path second", "warm on node-a");
    await role(viewer, "partner path backup", "warm on node-b");
    await role(viewer, "partner path last", "cold on node-c");
    const elsewhere = await viewer.page.locator(".row.elsewhere:not([hidden])").count();
    assert.equal(elsewhere, 2);
    await viewer
      .row("partner path backup")
      .and(viewer.page.locator('[data-tone="idle"]'))
      .waitFor();
    hear(viewer.world, "node-b", [report("backup", { ready: true })]);
    await viewer
      .row("partner path backup")
      .and(viewer.page.locator('[data-tone="good"]'))
      .waitFor();
    const name = viewer.row("partner path backup").locator(".name");
    const isCut = await name.evaluate((span) => span.scrollWidth > span.clientWidth);
    assert.equal(isCut, false, "the name of a path is readable beside its role");
    await viewer.select("partner path backup");
    await viewer.waitForPublicState("established");
    const states = await viewer.page.locator(".states li:visible button").allTextContents();
    assert.deepEqual(states, ["pending", "negotiating", "established", "rekeying", "failed"]);
    await viewer.page
      .locator("#details .role")
      .getByText(/as the agent there reports/)
      .waitFor();
    await viewer.screenshot("paths");
    await viewer.page.getByRole("button", { name: "theme" }).click();
    await viewer.screenshot("paths-other-theme");
    assert.deepEqual(viewer.errors, []);
  });

  it("change their roles with a move, and their states with reports and the lack of them", async () => {
    await using viewer = await open();
    const { supervisor } = viewer.world;
    await role(viewer, "partner path", "active on node-a");
    await viewer
      .row("partner path second")
      .and(viewer.page.locator('[data-tone="good"]'))
      .waitFor();
    supervisor.roots.get("partner")?.send({ type: "move", path: "second" });
    await role(viewer, "partner path second", "active on node-a");
    await role(viewer, "partner path", "warm on node-a");
    hear(viewer.world, "node-c", [report("last", { failed: true })]);
    await viewer.row("partner path last").and(viewer.page.locator('[data-tone="bad"]')).waitFor();
    const group = impliedGroupId("node-b");
    supervisor.roots.get("partner")?.send({ type: "group.absent", group });
    await viewer.select("partner path backup");
    await viewer.page
      .locator("#details .failure")
      .getByText(/is not heard/)
      .waitFor();
    await viewer.screenshot("paths-moved");
    await viewer.page.getByRole("searchbox").fill("node-c");
    await viewer.row("partner path backup").waitFor({ state: "detached" });
    await viewer.row("partner path last").waitFor();
    assert.deepEqual(viewer.errors, []);
  });

  it("of other nodes vanish with their declaration", async () => {
    await using viewer = await open();
    await viewer.row("partner path backup").waitFor();
    const { spec, ...rest } = connection;
    const fewer = { ...rest, spec: { ...spec, paths: paths.slice(0, 2) } };
    viewer.world.declare([resourceOf(secret({ partner: "a key" })), resourceOf(fewer)]);
    await viewer.row("partner path backup").waitFor({ state: "detached" });
    await viewer.row("partner path second").waitFor();
    assert.deepEqual(viewer.errors, []);
  });
});
