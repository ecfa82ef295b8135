import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ikeSasIn } from "../../src/adapters/vici/list-sas.ts";
import type { IkeSa } from "../../src/model/charon/sa.ts";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, secret, sites, yaml } from "../sites/manifests.ts";
import { TwoSites } from "../sites/two-sites.ts";

const keys = { a: "the-key-of-partner-a", b: "the-key-of-partner-b" };
const localId = "vpn.example.org";

/** The node's address, with which the peer can initiate. */
const toNode = { remote_addrs: [sites.node.v4] };

describe("two partners that know the node by one identity", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const a = connectionSpec("a", { localId, children: { "child-2": childSpec(2) } });
  const b = connectionSpec("b", {
    localId,
    remoteAddr: sites.peer.other,
    children: { "child-3": childSpec(3) },
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(a, { secret: keys.a });
    await lab.mirror(b, { secret: keys.a, connection: toNode });
    lab.ipman.apply("secret.yaml", yaml(secret(keys)));
    lab.ipman.apply("a.yaml", yaml(a));
    lab.ipman.apply("b.yaml", yaml(b));
    await lab.ipman.start();
  });
  after(() => resources.disposeAsync());

  async function sasOf(ike: string): Promise<readonly IkeSa[]> {
    const session = await lab.node.session();
    const listed = await Array.fromAsync(session.stream("list-sas", { ike }));
    session.close();
    return listed.flatMap((message) => ikeSasIn(message));
  }

  it("are not authenticated with each other's key, whichever end initiates", async () => {
    await lab.ipman.ready("a");
    await lab.ipman.reason("b", "AuthenticationFailed");
    const request = { ike: "b", child: "child-3", timeout: "5000" } as const;
    await assert.rejects(lab.peerSession.request("initiate", request), { code: "refused" });
    assert.match(lab.node.log, /tried 1 shared key for 'vpn\.example\.org' - 'peer\.b'/);
    assert.doesNotMatch(lab.node.log, /IKE_SA b\[\d+\] established/);
  });

  it("are not affected by a third connection, which is refused with another key for a taken identity", async () => {
    const c = connectionSpec("c", {
      localId,
      remoteId: "peer.a",
      remoteAddr: sites.peer.other,
      children: { "child-4": childSpec(4) },
    });
    const { uniqueId } = (await sasOf("a"))[0] ?? {};
    lab.ipman.apply("secret.yaml", yaml(secret({ ...keys, c: "another-key" })));
    lab.ipman.apply("c.yaml", yaml(c));
    const { failure } = await lab.ipman.reason("c", "SecretConflict");
    assert.match(failure?.message ?? "", /not that of a,.*remoteId "peer\.a"/);
    await lab.ipman.ready("a");
    assert.doesNotMatch(lab.node.log, /ipman:c/);
    assert.deepEqual(
      (await sasOf("a")).map((sa) => sa.uniqueId),
      [uniqueId],
    );
    lab.ipman.remove("c.yaml");
  });

  it("are established with their own keys", async () => {
    await lab.mirror(b, { secret: keys.b, connection: toNode });
    await lab.peerSession.request("initiate", { ike: "b", child: "child-3", timeout: "5000" });
    await lab.ipman.until((status) =>
      ["a", "b"].every((id) => find(status, id)?.state === "established"),
    );
    await lab.ipman.ready("b");
  });
});
