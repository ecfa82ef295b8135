import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { ikeSasIn } from "../../src/adapters/vici/list-sas.ts";
import { isInstalled, type ChildSa } from "../../src/model/charon/sa.ts";
import { childSpec, connectionSpec, yaml } from "../sites/manifests.ts";
import { Pinging } from "../sites/pings.ts";
import { eventually, ip } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const remote_ips = ["10.1.2.0/24", "10.1.3.0/24", "10.1.4.0/24"];
const pairNames = remote_ips.map((remote) => `child-2#10.0.2.0/24=${remote}`);

/** Runs against a peer that accepts one pair of networks for each CHILD SA, by a child for each. */
describe("a peer that accepts one pair of networks for each CHILD SA", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const pairs = connectionSpec("pairs", {
    children: {
      "child-2": childSpec(2, {
        remote_ips,
        selectorMode: "perPair",
        extra: { esp_proposals: "aes256-sha256-ecp256" },
      }),
    },
  });

  const installed = async (): Promise<ChildSa[]> => {
    const session = await lab.node.session();
    const listed = await Array.fromAsync(session.stream("list-sas", { ike: "pairs" }));
    session.close();
    const sas = listed.flatMap((message) => ikeSasIn(message));
    return sas.flatMap(({ children }) => children).filter(isInstalled);
  };
  const idsByName = async () =>
    new Map((await installed()).map(({ name, uniqueId }) => [name, uniqueId]));

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(pairs);
  });
  after(() => resources.disposeAsync());

  it("has a CHILD SA for each pair, behind one gateway and one worker", async () => {
    const names = [...(await idsByName()).keys()];
    assert.deepEqual(names.toSorted(), pairNames);
    for (const n of [2, 3, 4]) ip(`netns exec app ping -n -c 2 -W 2 10.1.${n}.1`);
    const text = await lab.ipman.scrape();
    for (const name of names) {
      const series = `strongswan_sa_packets_inbound{ike_name="pairs",child_name="${name}"} 2\n`;
      assert.ok(text.includes(series), series);
    }
  });

  it("loses no ping while each CHILD SA is rekeyed", async () => {
    const before = await idsByName();
    const pinging = ["10.1.2.1", "10.1.4.1"].map((address) => new Pinging("app", address));
    const session = await lab.node.session();
    for (const id of before.values()) await session.request("rekey", { "child-id": id });
    session.close();
    await eventually(async () => {
      const now = await idsByName();
      assert.equal(now.size, 3);
      for (const [name, id] of now) assert.notEqual(id, before.get(name));
    });
    for (const one of pinging) assert.deepEqual((await one.stop()).lost, []);
    await lab.ipman.ready("pairs");
  });

  it("gets a new CHILD SA for a pair that it closed, and the other ones are kept", async () => {
    const before = await idsByName();
    const [closed = "", ...others] = [...before.keys()];
    await lab.peerSession.request("terminate", { child: closed, timeout: "5000" });
    await eventually(async () => {
      const now = await idsByName();
      assert.equal(now.size, 3);
      assert.notEqual(now.get(closed), before.get(closed));
      for (const name of others) assert.equal(now.get(name), before.get(name));
    });
    await lab.ipman.ready("pairs");
  });

  it("gets no further SAs when ipman restarts", async () => {
    const before = await idsByName();
    await lab.ipman.stop("SIGKILL");
    await lab.ipman.start();
    await lab.ipman.ready("pairs");
    assert.deepEqual(await idsByName(), before);
  });

  it("gets a CHILD SA for each pair also if the manifest leaves that open", async () => {
    const open = (changes: object = {}) =>
      connectionSpec("pairs", {
        children: { "child-2": childSpec(2, { remote_ips, ...changes }) },
      });
    const declared = await idsByName();
    lab.ipman.apply("pairs.yaml", yaml(open()));
    await pause(2_000);
    assert.deepEqual(await idsByName(), declared, "the manifest's SAs stay");
    lab.ipman.apply("pairs.yaml", yaml(open({ selectorMode: "together" })));
    await eventually(async () => {
      assert.deepEqual([...(await idsByName()).keys()], ["child-2"]);
    });
    lab.ipman.apply("pairs.yaml", yaml(open()));
    await eventually(async () => {
      assert.deepEqual([...(await idsByName()).keys()].toSorted(), pairNames);
    });
    await lab.ipman.ready("pairs");
    for (const n of [2, 3, 4]) ip(`netns exec app ping -n -c 2 -W 2 10.1.${n}.1`);
    const before = await idsByName();
    await lab.ipman.stop("SIGKILL");
    await lab.ipman.start();
    await lab.ipman.ready("pairs");
    assert.deepEqual(await idsByName(), before);
  });

  it("receives all networks in one CHILD SA if the manifest selects that", async () => {
    const together = connectionSpec("pairs", {
      children: { "child-2": childSpec(2, { remote_ips, selectorMode: "together" }) },
    });
    await lab.mirror(together);
    lab.ipman.apply("pairs.yaml", yaml(together));
    await eventually(async () => {
      assert.deepEqual([...(await idsByName()).keys()], ["child-2"]);
    });
    for (const n of [2, 3, 4]) ip(`netns exec app ping -n -c 2 -W 2 10.1.${n}.1`);
    await lab.ipman.ready("pairs");
  });
});
