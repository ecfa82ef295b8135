import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ikeSasIn } from "../../src/adapters/vici/list-sas.ts";
import { isEstablished } from "../../src/model/charon/sa.ts";
import { connectionSpec, sites } from "../sites/manifests.ts";
import { answered } from "../sites/pings.ts";
import { eventually } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("a peer that restarts and initiates at once", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  // Dead peer detection would end the older SA as well, later.
  const cr = connectionSpec("first", { extra: { dpd_delay: "120s" } });
  // The peer does not announce that it has restarted (INITIAL_CONTACT).
  const silently = { connection: { unique: "never", remote_addrs: [sites.node.v4] } };

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(cr, silently);
  });
  after(() => resources.disposeAsync());

  async function established(): Promise<string[]> {
    await using session = await lab.node.session();
    const listed = await Array.fromAsync(session.stream("list-sas", { ike: "first" }));
    const sas = listed.flatMap((message) => ikeSasIn(message)).filter(isEstablished);
    return sas.map(({ uniqueId }) => uniqueId);
  }

  it("leaves two IKE SAs, of which ipman ends the older one", async () => {
    const [old] = await established();
    await lab.restartPeer();
    await lab.mirror(cr, silently);
    await lab.peerSession.request("initiate", { ike: "first", child: "child-2", timeout: "5000" });
    assert.equal((await established()).length, 2);
    await eventually(() => assert.equal(answered("app", "10.1.2.1", "-c", "1"), 1));
    await eventually(async () => assert.equal((await established()).length, 1), 30_000);
    assert.ok(!(await established()).includes(old ?? ""));
    assert.equal(answered("app", "10.1.2.1", "-c", "3", "-i", "0.2"), 3);
    await lab.ipman.ready("first");
  });
});
