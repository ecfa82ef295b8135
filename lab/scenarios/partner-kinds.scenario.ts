import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Message } from "vici-client";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec } from "../sites/manifests.ts";
import { PartnerRouting } from "../sites/partner-routing.ts";
import { Pinging } from "../sites/pings.ts";
import { SecondPeer, secondSite } from "../sites/second-peer.ts";
import { eventually, ip } from "../sites/shell.ts";
import { otherThan, second, type PathName } from "../sites/two-gateways.ts";
import { impatient, TwoSites } from "../sites/two-sites.ts";

const name = "first";
const ipman = join(import.meta.dirname, "../../bin/ipman");
/** A host of the partner, and the address of our gateway that the partner asks. */
const [host, gateway] = ["10.1.2.7", "10.0.2.1"];
const network = "10.0.2.0/24";
const children = { "child-2": childSpec(2, { probe: { address: host } }) };

/** A partner of a kind, with its end of both tunnels. */
interface Kind {
  readonly what: string;
  /** Builds the partner's side, before the tunnels are up. */
  readonly build: (lab: TwoSites, resources: AsyncDisposableStack) => Promise<void>;
  /** The partner's part of the first tunnel. */
  readonly child?: Message;
  /** Cuts the tunnel of a path, or repairs it. */
  readonly cut: (path: PathName, state: "up" | "down") => void;
}

/** One gateway with two uplinks and an interface for each tunnel. */
const routed: Kind = {
  what: "one gateway with an interface for each tunnel, and routes by their metrics",
  child: { if_id_in: "1", if_id_out: "1" },
  build: async (lab, resources) => {
    ip("link add wire1 type veth peer name wire1 netns peer");
    resources.defer(() => void ip("link del wire1"));
    ip(`addr add ${secondSite.node}/24 dev wire1`);
    ip("link set wire1 up");
    ip(`-n peer addr add ${secondSite.peer}/24 dev wire1`);
    ip("-n peer link set wire1 up");
    ip(`-n peer addr add ${host}/32 dev lo`);
    ip("-n peer route del 10.0.0.0/16");
    for (const [device, ifId, metric] of [
      ["tunnel1", 1, 100],
      ["tunnel2", 2, 200],
    ] as const) {
      ip(`-n peer link add ${device} type xfrm if_id ${ifId}`);
      ip(`-n peer link set ${device} up`);
      ip(`-n peer route add ${network} dev ${device} metric ${metric}`);
    }
    await lab.mirror(connectionSpec("other", second), {
      child: { if_id_in: "2", if_id_out: "2" },
    });
    const hops = ["tunnel1", "tunnel2"] as const;
    const routes = { netns: "peer", network, probed: gateway, source: host, hops };
    resources.use(new PartnerRouting(lab.folder, routes));
  },
  cut: (path, state) => {
    const cable = path === "main" ? "wire0" : "wire1";
    ip(`-n peer link set ${cable} ${state}`);
  },
};

/** Two gateways with policies, and a host behind both. */
const divided: Kind = {
  what: "two gateways with policies and both tunnels, and a router behind them",
  build: async (lab, resources) => {
    const other = resources.use(await SecondPeer.build(lab.folder, { settings: [...impatient] }));
    ip("netns add lan");
    for (const [n, netns] of ["peer", "peer2"].entries()) {
      ip(`-n lan link add lan${n} type veth peer name lan0 netns ${netns}`);
      ip(`-n lan addr add 172.16.${n}.1/24 dev lan${n}`);
      ip(`-n lan link set lan${n} up`);
      ip(`-n ${netns} addr add 172.16.${n}.2/24 dev lan0`);
      ip(`-n ${netns} link set lan0 up`);
      ip(`-n ${netns} route add ${host}/32 via 172.16.${n}.1`);
      ip(`netns exec ${netns} sysctl -qw net.ipv4.ip_forward=1`);
      ip(`-n lan route add ${network} via 172.16.${n}.2 dev lan${n} metric ${100 * (n + 1)}`);
    }
    ip("-n lan link set lo up");
    ip(`-n lan addr add ${host}/32 dev lo`);
    for (const rp of ["all", "default", "lan0", "lan1"])
      ip(`netns exec lan sysctl -qw net.ipv4.conf.${rp}.rp_filter=0`);
    await other.mirror(connectionSpec(name, second));
    const hops = ["lan0 via 172.16.0.2", "lan1 via 172.16.1.2"] as const;
    const routes = { netns: "lan", network, probed: gateway, source: host, hops };
    resources.use(new PartnerRouting(lab.folder, routes));
  },
  cut: (path, state) => {
    const [netns, cable] = path === "main" ? ["peer", "wire0"] : ["peer2", "wire1"];
    ip(`-n ${netns} link set ${cable} ${state}`);
    if (state === "up") ip(`-n ${netns} route replace 10.0.0.0/16 dev ${cable}`);
  },
};

for (const { what, build, child, cut } of [routed, divided])
  describe(`a partner with ${what}`, () => {
    const resources = new AsyncDisposableStack();
    let lab: TwoSites;

    before(async () => {
      lab = resources.use(await TwoSites.build());
      await build(lab, resources);
      const paths = [
        { name: "main", standby: "hot" },
        { name: "backup", standby: "hot", ...second },
      ];
      const spec = connectionSpec(name, { children, paths, failover: { failback: "never" } });
      await lab.up(spec, child === undefined ? {} : { child });
    });
    after(() => resources.disposeAsync());

    const statusOf = async () => find(await lab.ipman.status(), name);
    const settled = (path: PathName) =>
      eventually(async () => {
        const { paths = [], children: [only] = [] } = (await statusOf()) ?? {};
        const states = paths.map(({ role, state }) => `${role} ${state}`).toSorted();
        assert.deepEqual(states, ["active established", "standby established"]);
        assert.equal(paths.find(({ role }) => role === "active")?.name, path);
        assert.equal(only?.reachability, "reachable");
      }, 60_000);

    it("loses no ping in moves there and back", async (t) => {
      await settled("main");
      await pause(2_000);
      const counts: number[] = [];
      for (const path of ["backup", "main", "backup", "main"] as const) {
        const pinging = new Pinging("app", host);
        await pinging.begun();
        execFileSync(ipman, ["move", name, path]);
        await pause(2_500);
        const { sent, lost } = await pinging.stop();
        counts.push(lost.length);
        t.diagnostic(`${lost.length} of ${sent} pings, each 10 ms, were lost to ${path}`);
        await settled(path);
      }
      assert.deepEqual([...new Set(counts)], [0]);
    });

    it("takes the other tunnel when one is cut, there and back", async (t) => {
      for (const path of ["main", "backup"] as const) {
        await settled(path);
        await pause(2_000);
        const pinging = new Pinging("app", host);
        await pinging.begun();
        cut(path, "down");
        await eventually(async () => {
          const { paths = [] } = (await statusOf()) ?? {};
          assert.equal(paths.find(({ role }) => role === "active")?.name, otherThan(path));
        }, 10_000);
        await pause(2_500);
        const { sent, lost } = await pinging.stop();
        t.diagnostic(`${lost.length} of ${sent} pings, each 10 ms, were lost without ${path}`);
        cut(path, "up");
        assert.ok(lost.length < 400, `${lost.length} of ${sent} pings`);
      }
    });

    it("has no limit", async () => {
      await settled("main");
      await eventually(async () => {
        const { conditions = [] } = (await statusOf()) ?? {};
        const shown = conditions.filter(({ type }) => /^Peer|Redundant/.test(type));
        assert.deepEqual(
          shown.map(({ type, status }) => `${type} ${status}`),
          ["Redundant True"],
        );
      }, 30_000);
    });
  });
