import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ConnectionStatus } from "../../src/model/status/status.ts";
import { find } from "../sites/ipman.ts";
import { connectionSpec, sites, yaml } from "../sites/manifests.ts";
import { Pinging } from "../sites/pings.ts";
import { ip } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const name = "first";
/** Another address of each side, and the same identities. */
const other = { localAddr: sites.node.other, remoteAddr: sites.peer.other };

/** The limit of a peer with that `unique`, or none. */
const limits = { keep: "PeerKeepsOne", replace: "PeerKeepsOne", never: undefined } as const;

for (const [unique, limit] of Object.entries(limits))
  describe(`a connection by two addresses of a gateway with unique = ${unique} and one identity`, () => {
    const resources = new AsyncDisposableStack();
    let lab: TwoSites;

    before(async () => {
      lab = resources.use(await TwoSites.build());
      ip(`addr replace ${sites.node.other}/24 dev wire0`);
      const paths = [{ name: "main" }, { name: "backup", ...other }];
      const spec = connectionSpec(name, { paths, failover: { failback: "never" } });
      const local_addrs = [sites.peer.v4, sites.peer.other];
      await lab.up(connectionSpec(name), { connection: { unique, local_addrs } });
      lab.ipman.apply(`${name}.yaml`, yaml(spec));
    });
    after(() => resources.disposeAsync());

    const established = () => lab.node.log.match(/IKE_SA first\S* established/g)?.length ?? 0;
    const statusOf = async () => find(await lab.ipman.status(), name);
    const conditionsOf = (status: ConnectionStatus | undefined) =>
      status?.conditions.filter(({ type }) => type.startsWith("Peer")).map(({ type }) => type);

    it(`has ${limit ?? "no limit"}, and no war`, async (t) => {
      const since = performance.now();
      if (limit !== undefined)
        await lab.ipman.until((status) => {
          return conditionsOf(find(status, name))?.includes(limit) === true;
        }, 150_000);
      t.diagnostic(`after ${Math.round(performance.now() - since)} ms`);
      await pause(3_000);
      const before = established();
      t.diagnostic(`${before} IKE SAs were established`);
      const pinging = new Pinging("app", "10.1.2.1");
      await pinging.begun();
      await pause(15_000);
      const { sent, lost } = await pinging.stop();
      const status = await statusOf();
      t.diagnostic(
        JSON.stringify(status?.conditions.filter(({ type }) => /Peer|Redun/.test(type))),
      );
      assert.deepEqual(conditionsOf(status), limit === undefined ? [] : [limit]);
      assert.deepEqual(lost, [], `${sent} pings`);
      assert.equal(established(), before);
      const kinds = status?.paths?.map(({ role, standby, state }) => `${role} ${standby} ${state}`);
      t.diagnostic(String(kinds));
      assert.equal(kinds?.[1], limit === undefined ? "standby warm established" : kinds?.[1]);
      const metrics = await lab.ipman.metrics();
      const series = 'ipman_connection_peer_limited{connection="first",limit="keeps_one"}';
      assert.equal(metrics.get(series), limit === undefined ? 0 : 1);
    });
  });
