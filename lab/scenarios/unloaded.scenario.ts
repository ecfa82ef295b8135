import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Session } from "vici-client";
import { ikeSasIn } from "../../src/adapters/vici/list-sas.ts";
import { loadedIn } from "../../src/adapters/vici/list-conns.ts";
import { isInstalled } from "../../src/model/charon/sa.ts";
import { connectionSpec } from "../sites/manifests.ts";
import { answered, Pinging } from "../sites/pings.ts";
import { eventually, sh } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

/** Two comparisons, and the loads. */
const withinMs = 12_000;

describe("another program that changes the connections of charon", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let other: Session;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(connectionSpec("first"));
    other = await lab.node.session();
    resources.defer(() => other.close());
  });
  after(() => resources.disposeAsync());

  /** The SPIs of the tunnel. */
  async function spis(): Promise<string[]> {
    const listed = await Array.fromAsync(other.stream("list-sas", { ike: "first" }));
    const sas = listed.flatMap((message) => ikeSasIn(message, { statistics: true }));
    const installed = sas.flatMap(({ children }) => children).filter(isInstalled);
    return installed.flatMap(({ statistics }) => [
      statistics?.spiIn ?? "",
      statistics?.spiOut ?? "",
    ]);
  }

  /** Waits until charon has the connection with its child and its key. */
  const restored = () =>
    eventually(async () => {
      assert.deepEqual((await other.request("get-conns")).conns, ["first"]);
      assert.deepEqual((await other.request("get-shared")).keys, ["ipman:first"]);
      const listed = await Array.fromAsync(other.stream("list-conns", { ike: "first" }));
      assert.deepEqual(listed.flatMap(loadedIn), [["first", ["child-2"]]]);
    }, withinMs);

  /** Runs swanctl with a configuration that has no connection and no key. */
  function loadAll(): void {
    const folder = join(lab.folder, "swanctl");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "swanctl.conf");
    writeFileSync(file, "");
    const options = ["--noprompt", "--file", file, "--uri", `unix://${lab.node.vici}`];
    sh("env", `SWANCTL_DIR=${folder}`, "swanctl", "--load-all", ...options);
  }

  for (const [what, change] of [
    ["runs swanctl --load-all", () => Promise.resolve(loadAll())],
    ["unloads the connection", () => other.request("unload-conn", { name: "first" })],
    ["clears the keys", () => other.request("clear-creds")],
    [
      "replaces the connection",
      () =>
        other.request("load-conn", {
          first: {
            remote_addrs: ["192.168.1.99"],
            local: { auth: "psk", id: "another" },
            remote: { auth: "psk", id: "stranger" },
            children: { net: { remote_ts: ["10.99.0.0/16"], start_action: "none" } },
          },
        }),
    ],
  ] as const) {
    it(`${what}: it is as loaded within seconds, and no SA changes`, async () => {
      const before = await spis();
      assert.equal(before.length, 2);
      const pinging = new Pinging("app", "10.1.2.1");
      await change();
      await restored();
      assert.deepEqual((await pinging.stop()).lost, []);
      assert.deepEqual(await spis(), before);
    });
  }

  it("has unloaded it once more when the peer ends the SA: the tunnel comes up again", async () => {
    const before = await spis();
    loadAll();
    await lab.peerSession.request("terminate", { ike: "first", force: "yes", timeout: "2000" });
    await eventually(async () => {
      const present = await spis();
      assert.equal(present.length, 2);
      assert.notDeepEqual(present, before);
    }, withinMs);
    await lab.ipman.ready("first");
    await eventually(() => assert.equal(answered("app", "10.1.2.1", "-c", "1"), 1));
  });

  it("is reported by ipman diagnose", async () => {
    const bin = join(import.meta.dirname, "../../bin/ipman");
    const report = sh(bin, "diagnose", "first");
    assert.match(report, /configuration +another program removes or replaces the connection/);
  });
});
