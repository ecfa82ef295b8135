import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { sitesFolder } from "../sites/evidence.ts";
import { find } from "../sites/ipman.ts";
import { buildSecondSite, secondSite } from "../sites/second-peer.ts";
import { eventually, ip } from "../sites/shell.ts";
import { libreswan4, libreswan5 } from "./daemons/libreswan.ts";
import { PeerRoot } from "./peer-root.ts";
import { PeerSite } from "./peer-site.ts";
import { tunnelOf } from "./tunnel.ts";

const ipman = join(import.meta.dirname, "../../bin/ipman");
const main = tunnelOf("two", 2);
/** The same tunnel by the second gateway. */
const backup = {
  ...main,
  node: { ...main.node, address: secondSite.node, id: "node.second" },
  peer: { ...main.peer, address: secondSite.peer, id: "peer.second" },
};
const paths = [
  { name: "main" },
  {
    name: "backup",
    localAddr: backup.node.address,
    localId: backup.node.id,
    remoteAddr: backup.peer.address,
    remoteId: backup.peer.id,
  },
];

for (const implementation of [libreswan4, libreswan5])
  describe(`a partner with two gateways of ${implementation.root}`, () => {
    const resources = new AsyncDisposableStack();
    let site: PeerSite;

    before(async () => {
      site = resources.use(await PeerSite.build(implementation));
      buildSecondSite();
      const folder = sitesFolder();
      const root = resources.use(new PeerRoot(implementation.root, folder));
      const other = resources.use(implementation.create(root, folder, "peer2"));
      await other.start();
      await other.load(backup);
      await site.up(main, {}, { spec: { paths, failover: { failback: "never" } } });
    });
    after(() => resources.disposeAsync());

    const pathsOf = async () => find(await site.ipman.status(), main.name)?.paths ?? [];
    /** Waits until the path is active and the other one can take over. */
    const settled = (path: string) =>
      eventually(async () => {
        const states = (await pathsOf()).map(({ name, role, state }) => `${name} ${role} ${state}`);
        const roleOf = (name: string) => (name === path ? "active" : "standby");
        assert.deepEqual(
          states,
          ["main", "backup"].map((name) => `${name} ${roleOf(name)} established`),
        );
      }, 60_000);

    it("keeps an IKE SA with the standby, and moves there and back", async (t) => {
      await settled("main");
      for (const path of ["backup", "main"]) {
        const pinging = site.pinging(main);
        await pinging.begun();
        execFileSync(ipman, ["move", main.name, path]);
        await pause(1_500);
        const { sent, lost } = await pinging.stop();
        t.diagnostic(`${lost.length} of ${sent} pings, each 10 ms, were lost to ${path}`);
        assert.ok(lost.length <= 2, `${lost.length} of ${sent} pings`);
        await settled(path);
      }
    });

    it("takes over when the active gateway is lost, there and back", async (t) => {
      for (const [path, other, netns, cable] of [
        ["main", "backup", "peer", "wire0"],
        ["backup", "main", "peer2", "wire1"],
      ] as const) {
        await settled(path);
        const pinging = site.pinging(main);
        await pinging.begun();
        ip(`-n ${netns} link set ${cable} down`);
        await eventually(async () => {
          const active = (await pathsOf()).find(({ role }) => role === "active");
          assert.deepEqual([active?.name, active?.state], [other, "established"]);
        }, 15_000);
        await pause(500);
        const { sent, lost } = await pinging.stop();
        t.diagnostic(`${lost.length} of ${sent} pings, each 10 ms, were lost without ${path}`);
        assert.ok(lost.length < 800, `${lost.length} of ${sent} pings`);
        ip(`-n ${netns} link set ${cable} up`);
        ip(`-n ${netns} route replace 10.0.0.0/16 dev ${cable}`);
      }
    });
  });
