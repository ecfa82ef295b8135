import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import { eventually, ip } from "../sites/shell.ts";
import { answered } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("an IKE SA whose addresses change", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const waits = childSpec(2, { extra: { ...childSpec().extra, start_action: "none" } });
  const cr = connectionSpec("first", {
    // The peer moves by its own dead peer detection, since a request of the node cannot move.
    extra: { dpd_delay: "0s" },
    children: { "child-2": waits },
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    // There is one other address that the peer can move to, of the other family.
    ip(`-n peer addr del ${sites.peer.other}/24 dev wire0`);
    const connection = { remote_addrs: [sites.node.v4], dpd_delay: "1s" };
    await lab.mirror(cr, { connection });
    lab.ipman.apply("secret.yaml", yaml(secret({ first: psk })));
    lab.ipman.apply("first.yaml", yaml(cr));
    await lab.ipman.start();
    ip("netns add app");
    await eventually(() => assert.match(lab.node.log, /added vici connection: first/));
    await lab.peerSession.request("initiate", { ike: "first", child: "child-2" });
    await lab.ipman.ready("first");
    lab.ipman.attach("app", "first", "child-2");
    await eventually(works);
  });
  after(() => resources.disposeAsync());

  const works = () => assert.equal(answered("app", "10.1.2.1", "-c", "1"), 1);
  const made = () => lab.node.log.match(/initiating IKE_SA|is initiating an IKE_SA/g)?.length ?? 0;
  const nothingTo = (address: string) =>
    assert.doesNotMatch(ip("xfrm state"), new RegExp(`(src|dst) ${address}\\b`));

  it("stays the same when the peer moves to another address, and the MTU follows", async () => {
    const mtu = () => /mtu (\d+)/.exec(ip("-n ipman-102 -o link show type xfrm"))?.[1];
    assert.equal(mtu(), "1438");
    // The test waits for a packet, since a running dead peer detection cannot be moved.
    works();
    ip(`-n peer addr del ${sites.peer.v4}/24 dev wire0`);
    // The removal of the last address of a family removes that family's routes as well.
    ip("-n peer route add 10.0.0.0/16 dev wire0");
    await eventually(works, 30_000, 200);
    await lab.ipman.ready("first");
    assert.match(ip("xfrm state"), new RegExp(`src ${sites.node.v6} dst ${sites.peer.v6}`));
    nothingTo(sites.peer.v4);
    assert.equal(made(), 1);
    // The outer header is now an IPv6 header.
    await eventually(() => assert.equal(mtu(), "1406"));
  });

  it("stays the same when ipman restarts", async () => {
    await lab.ipman.stop();
    await lab.ipman.start();
    await lab.ipman.ready("first");
    works();
    assert.equal(made(), 1);
  });

  it("is replaced if other addresses were declared while ipman was stopped", async () => {
    await lab.ipman.stop();
    const remoteAddr = sites.peer.other;
    ip(`-n peer addr add ${remoteAddr}/24 dev wire0`);
    const moved = connectionSpec("first", { remoteAddr });
    await lab.mirror(moved);
    lab.ipman.apply("first.yaml", yaml(moved));
    await lab.ipman.start();
    await eventually(() => {
      assert.match(ip("xfrm state"), new RegExp(`src ${sites.node.v4} dst ${remoteAddr}`));
      works();
    });
    await lab.ipman.ready("first");
    assert.equal(made(), 2);
    assert.equal(ip("xfrm state").split("proto esp").length - 1, 2);
  });
});
