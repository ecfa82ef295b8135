import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, secret, sites, yaml } from "../sites/manifests.ts";
import { ip } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const keys = { a: "the-key-of-partner-a", b: "the-key-of-partner-b" };
const localId = "vpn.example.org";

describe("two partners without a fixed address", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const a = connectionSpec("a", {
    localId,
    remoteAddr: "%any",
    children: { "child-2": childSpec(2) },
  });
  const b = connectionSpec("b", {
    localId,
    remoteAddr: "192.168.1.0/24",
    children: { "child-3": childSpec(3) },
  });

  /** Loads the peer's half of a connection, with which it initiates from one of its addresses. */
  const atPeer = async (cr: typeof a, address: string, key: string) => {
    const connection = { local_addrs: [address], remote_addrs: [sites.node.v4] };
    await lab.mirror(cr, { secret: key, connection });
  };
  const initiate = async (ike: string, child: string) => {
    await lab.peerSession.request("initiate", { ike, child, timeout: "10000" });
  };

  before(async () => {
    lab = resources.use(await TwoSites.build());
    lab.ipman.apply("secret.yaml", yaml(secret(keys)));
    lab.ipman.apply("a.yaml", yaml(a));
    lab.ipman.apply("b.yaml", yaml(b));
    await lab.ipman.start();
  });
  after(() => resources.disposeAsync());

  it("are waited for with a reason in the status, and ipman does not initiate", async () => {
    for (const id of ["a", "b"]) {
      const { conditions } = await lab.ipman.reason(id, "AwaitingPeer");
      const ready = conditions.find(({ type }) => type === "Ready");
      assert.equal(ready?.reason, "AwaitingPeer");
      assert.match(ready.message, /remoteAddr is not a single host/);
    }
    assert.doesNotMatch(lab.node.log, /initiating IKE_SA/);
  });

  it("are distinguished by their identities and keys once they initiate", async () => {
    await atPeer(a, sites.peer.v4, keys.a);
    await atPeer(b, sites.peer.other, keys.b);
    await initiate("a", "child-2");
    await initiate("b", "child-3");
    await lab.ipman.ready("a");
    await lab.ipman.ready("b");
    assert.match(
      lab.node.log,
      /IKE_SA a\[\d+\] established between .*\.\.\.192\.168\.1\.2\[peer\.a\]/,
    );
    assert.match(
      lab.node.log,
      /IKE_SA b\[\d+\] established between .*\.\.\.192\.168\.1\.3\[peer\.b\]/,
    );
    ip("netns add app");
    lab.ipman.attach("app", "a", "child-2");
    ip("netns exec app ping -n -c 2 -W 2 10.1.2.1");
  });

  it("are not authenticated with the key of the other", async () => {
    await atPeer(b, sites.peer.other, keys.a);
    await lab.peerSession.request("terminate", { ike: "b", timeout: "5000" });
    await lab.ipman.reason("b", "AwaitingPeer");
    await assert.rejects(initiate("b", "child-3"), { code: "refused" });
    assert.notEqual(find(await lab.ipman.status(), "b")?.state, "established");
    assert.equal(find(await lab.ipman.status(), "a")?.state, "established");
    await atPeer(b, sites.peer.other, keys.b);
    await initiate("b", "child-3");
    await lab.ipman.ready("b");
  });

  it("reconnect from another address", async () => {
    await lab.peerSession.request("terminate", { ike: "a", timeout: "5000" });
    await lab.ipman.reason("a", "AwaitingPeer");
    await atPeer(a, sites.peer.other, keys.a);
    await initiate("a", "child-2");
    await lab.ipman.ready("a");
    ip("netns exec app ping -n -c 2 -W 2 10.1.2.1");
  });
});
