import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, sites } from "../sites/manifests.ts";
import { Pinging } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

const name = "first";
const other = { remoteAddr: sites.peer.other, localId: "node.other", remoteId: "peer.other" };
const probe = { address: "10.1.2.1" };

for (const [what, child] of [
  ["without a probe", childSpec(2)],
  ["with a probe", childSpec(2, { probe })],
] as const)
  describe(`a hot standby by another address of a gateway with policies, ${what}`, () => {
    const resources = new AsyncDisposableStack();
    const children = { "child-2": child };
    const specOf = (standby: string) => {
      const paths = [{ name: "main" }, { name: "backup", standby, ...other }];
      return connectionSpec(name, { children, paths, failover: { failback: "never" } });
    };
    let lab: TwoSites;

    before(async () => {
      lab = resources.use(await TwoSites.build());
      await lab.mirror(connectionSpec("other", { ...other, children }));
      await lab.up(specOf("warm"));
    });
    after(() => resources.disposeAsync());

    const statusOf = async () => find(await lab.ipman.status(), name);

    it("draws the answers once, and is warm afterwards", async (t) => {
      await pause(2_500);
      const pinging = new Pinging("app", "10.1.2.1");
      await pinging.begun();
      lab.ipman.apply(`${name}.yaml`, JSON.stringify(specOf("hot")));
      const since = performance.now();
      await lab.ipman.until((status) => {
        const { conditions = [] } = find(status, name) ?? {};
        return conditions.some(({ type }) => type === "PeerTakesLast");
      }, 30_000);
      t.diagnostic(`after ${Math.round(performance.now() - since)} ms`);
      await pause(1_500);
      const first = await pinging.stop();
      t.diagnostic(`${first.lost.length} of ${first.sent} pings, each 10 ms, were lost`);
      assert.ok(first.lost.length < 500, `${first.lost.length} of ${first.sent} pings`);
      const again = new Pinging("app", "10.1.2.1");
      await again.begun();
      await pause(8_000);
      const { sent, lost } = await again.stop();
      assert.deepEqual(lost, [], `${sent} pings`);
      const status = await statusOf();
      const roles = status?.paths?.map(({ role, standby, state }) => `${role} ${standby} ${state}`);
      assert.deepEqual(roles, ["active warm established", "standby warm established"]);
      const found = status?.conditions.find(({ type }) => type === "PeerTakesLast");
      t.diagnostic(found?.message ?? "");
      const metrics = await lab.ipman.metrics();
      const series = 'ipman_connection_peer_limited{connection="first",limit="takes_last"}';
      assert.equal(metrics.get(series), 1);
    });
  });
