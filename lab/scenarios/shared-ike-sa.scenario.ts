import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { ip } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const identities = { localId: "node.site", remoteId: "peer.site" };

describe("two connections with the same peer and identities", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const one = connectionSpec("one", { ...identities, children: { "child-2": childSpec(2) } });
  const two = connectionSpec("two", { ...identities, children: { "child-3": childSpec(3) } });

  const both = { ...one.spec.children, ...two.spec.children };

  before(async () => {
    lab = resources.use(await TwoSites.build());
    // The peer has one connection with the children of both.
    await lab.mirror(connectionSpec("one", { ...identities, children: both }));
    lab.ipman.apply("secret.yaml", yaml(secret({ one: psk, two: psk })));
    lab.ipman.apply("one.yaml", yaml(one));
    lab.ipman.apply("two.yaml", yaml(two));
    await lab.ipman.start();
  });
  after(() => resources.disposeAsync());

  it("are both ready and carry traffic, also in one IKE SA", async () => {
    for (const [id, n] of [
      ["one", 2],
      ["two", 3],
    ] as const) {
      await lab.ipman.ready(id);
      ip(`netns add app${n}`);
      lab.ipman.attach(`app${n}`, id, `child-${n}`);
      ip(`netns exec app${n} ping -n -c 2 -W 2 10.1.${n}.1`);
    }
    assert.ok((lab.node.log.match(/initiating IKE_SA/g) ?? []).length <= 2);
  });

  it("stay ready when the other one is removed", async () => {
    lab.ipman.remove("one.yaml");
    await lab.ipman.until(({ connections }) => connections.length === 1);
    await lab.ipman.ready("two");
    ip("netns exec app3 ping -n -c 2 -W 2 10.1.3.1");
  });
});
