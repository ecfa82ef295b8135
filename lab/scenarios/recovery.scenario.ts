import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connectionSpec, sites } from "../sites/manifests.ts";
import { Prometheus } from "../sites/prometheus.ts";
import { eventually, ip } from "../sites/shell.ts";
import { answered } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

/** A tunnel may be down for 15 seconds before an alert fires. */
const scale = 12;

describe("a tunnel comes back by itself", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let prometheus: Prometheus;
  const cr = connectionSpec("first", { extra: { dpd_delay: "1s" }, localAddr: "%any" });

  /** The peer leaves dead peer detection to the node. */
  const patient = { connection: { dpd_delay: "0s" } };

  before(async () => {
    lab = resources.use(await TwoSites.build());
    // Otherwise the IKE SA of a node that loses its IPv4 address may stay on this address.
    ip(`addr del ${sites.node.v6}/64 dev wire0`);
    await lab.up(cr, patient);
    works();
    prometheus = resources.use(await Prometheus.start(lab.folder, { scale }));
  });
  after(() => resources.disposeAsync());

  const works = () => assert.equal(answered("app", "10.1.2.1", "-c", "1"), 1);
  /** Waits for a packet, since a running dead peer detection cannot be moved. */
  const lose = (address: string) => {
    works();
    ip(`addr del ${address}/24 dev wire0`);
  };
  const isDown = (status: {
    connections: readonly { conditions: readonly { type: string; status: string }[] }[];
  }) =>
    status.connections[0]?.conditions.some(
      ({ type, status }) => type === "Ready" && status === "False",
    ) === true;

  it("after charon was killed and started again", async () => {
    await lab.node.stop("SIGKILL");
    await lab.ipman.reason("first", "CharonUnavailable");
    await lab.node.start();
    await lab.ipman.ready("first", 30_000);
    await eventually(works);
    // The SAs of the killed charon are removed; one CHILD SA is left, inbound and outbound.
    assert.equal(ip("xfrm state").split("proto esp").length - 1, 2);
    assert.equal(ip("xfrm policy").split("dir ").length - 1, 3);
  });

  it("after the peer ended the CHILD SA", async () => {
    await lab.peerSession.request("terminate", { child: "child-2" });
    await eventually(works);
    await lab.ipman.ready("first");
  });

  it("after the peer ended the IKE SA", async () => {
    await lab.peerSession.request("terminate", { ike: "first" });
    await eventually(works);
    await lab.ipman.ready("first");
  });

  it("after the peer was killed and started again", async () => {
    await lab.restartPeer();
    await lab.mirror(cr, patient);
    await eventually(works, 60_000, 200);
    await lab.ipman.ready("first", 30_000);
  });

  it("after the node's address changed, without an action of ipman", async () => {
    const { v4, other } = sites.node;
    const ended = () => lab.node.log.match(/vici terminate/g)?.length ?? 0;
    const before = ended();
    for (const [from, to] of [
      [v4, other],
      [other, v4],
    ] as const) {
      ip(`addr add ${to}/24 dev wire0`);
      lose(from);
      await eventually(works, 30_000, 200);
      assert.doesNotMatch(ip("xfrm state"), new RegExp(`(src|dst) ${from}\\b`));
      await lab.ipman.ready("first");
    }
    assert.equal(ended(), before);
  });

  it("after the node had no address, and then another", async () => {
    const { v4, other } = sites.node;
    const before = lab.node.log.length;
    lose(v4);
    const deferred = /MOBIKE update deferred/;
    await eventually(() => assert.match(lab.node.log.slice(before), deferred));
    ip(`addr add ${other}/24 dev wire0`);
    // charon would wait forever; ipman replaces the IKE SA after half a minute.
    await eventually(works, 45_000, 500);
    await lab.ipman.ready("first");
    ip(`addr add ${v4}/24 dev wire0`);
  });

  it("with no alert in any of these cases", async () => {
    assert.deepEqual(await prometheus.alerts("firing"), []);
  });

  it("after the peer was unreachable for a while, with a reason meanwhile", async () => {
    ip("-n peer link set wire0 down");
    await lab.ipman.until(isDown, 60_000);
    // Dead peer detection noticed it: nothing else was on the wire.
    assert.match(lab.node.log, /sending DPD request/);
    await lab.ipman.reason("first", "PeerUnreachable", 60_000);
    const fires = () => prometheus.firingNames();
    await eventually(async () => assert.deepEqual(await fires(), ["IPManChildDown"]), 30_000);
    ip("-n peer link set wire0 up");
    ip("-n peer route replace 10.0.0.0/16 dev wire0");
    await eventually(works, 90_000, 200);
    await lab.ipman.ready("first", 30_000);
    await eventually(async () => assert.deepEqual(await fires(), []), 5_000);
    assert.deepEqual(await prometheus.alerts("firing"), ["IPManChildDown"]);
  });
});
