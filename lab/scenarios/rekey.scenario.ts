import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { droppedBy } from "../sites/drops.ts";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { eventually, inNetns, ip } from "../sites/shell.ts";
import { Pinging, uncounted } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

/** A child that rekeys within seconds, without charon's random spread. */
const child = childSpec(2, {
  extra: {
    esp_proposals: "aes256-sha256-ecp256",
    rekey_time: "3s",
    life_time: "20s",
    rand_time: "0s",
  },
});

describe("short lifetimes under traffic", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    lab.ipman.apply("secret.yaml", yaml(secret({ rekeyed: psk, reauthed: psk })));
  });
  after(() => resources.disposeAsync());

  const carried = async (what: string) => {
    const series = `strongswan_sa_${what}{ike_name="rekeyed",child_name="child-2"}`;
    return (await lab.ipman.metrics()).get(series) ?? Number.NaN;
  };
  const count = (pattern: RegExp) => lab.node.log.match(pattern)?.length ?? 0;

  it("cause IKE and child rekeys without a lost ping or a duplicate SA", async () => {
    const cr = connectionSpec("rekeyed", {
      children: { "child-2": child },
      extra: { rekey_time: "4s", over_time: "10s", rand_time: "0s" },
    });
    await lab.mirror(cr, { child: { rekey_time: "0s" }, connection: { rekey_time: "0s" } });
    lab.ipman.apply("one.yaml", yaml(cr));
    await lab.ipman.start();
    await lab.ipman.ready("rekeyed");
    ip("netns add app");
    lab.ipman.attach("app", "rekeyed", "child-2");
    const pinging = new Pinging("app", "10.1.2.1");
    const seen: number[] = [];
    await eventually(
      async () => {
        seen.push(await carried("bytes_inbound"));
        assert.ok(count(/IKE_SA rekeyed\[\d+\] rekeyed between/g) >= 2, "two IKE rekeys");
        assert.ok(count(/inbound CHILD_SA child-2\{\d+\} established/g) >= 2, "two child rekeys");
      },
      40_000,
      100,
    );
    const { sent, lost } = await pinging.stop();
    assert.deepEqual(lost, []);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
      "a counter fell",
    );
    // The last of the SAs that were rekeyed end a few seconds later.
    await eventually(async () => {
      assert.equal(await carried("packets_inbound"), sent + uncounted);
      assert.equal(await carried("packets_outbound"), sent + uncounted);
    });
    await eventually(async () => {
      const session = await lab.node.session();
      const items = await Array.fromAsync(session.stream("list-sas"));
      session.close();
      const sas = items.flatMap((item) => Object.values(item));
      assert.equal(sas.length, 1, "one IKE SA");
      const children = sas.flatMap((sa) => Object.values(sa["child-sas"]));
      assert.equal(children.filter((sa) => sa.state === "INSTALLED").length, 1, "one CHILD SA");
    }, 10_000);
    await lab.ipman.ready("rekeyed");
  });

  it("cause reauthentications by charon alone, which lose only packets that the peer sends too early", async () => {
    lab.ipman.remove("one.yaml");
    await lab.ipman.until((status) => status.connections.length === 0);
    const left = [...(await lab.ipman.metrics()).keys()].filter((key) => key.includes("rekeyed"));
    assert.deepEqual(left, [], "series of a connection that is gone");
    const cr = connectionSpec("reauthed", {
      children: { "child-3": childSpec(3) },
      extra: { rekey_time: "0s", reauth_time: "4s", over_time: "10s", rand_time: "0s" },
    });
    await lab.mirror(cr, { connection: { rekey_time: "0s", reauth_time: "0s" } });
    lab.ipman.apply("two.yaml", yaml(cr));
    await lab.ipman.ready("reauthed");
    ip("netns add app3");
    lab.ipman.attach("app3", "reauthed", "child-3");
    // The peer sends on the new SA before its answer arrives; the node has only reserved the SPI then.
    const earlyBefore = droppedBy("sendsEarly");
    const pinging = new Pinging("app3", "10.1.3.1");
    const reauthentications = /reauthenticating IKE_SA reauthed/g;
    await eventually(() => assert.ok(count(reauthentications) >= 2), 40_000, 100);
    await eventually(async () => {
      const begun = count(/initiating IKE_SA reauthed/g);
      assert.equal(begun, 1 + count(reauthentications), "ipman does not initiate beside charon");
      assert.equal(count(/IKE_SA reauthed\[\d+\] established/g), begun);
      assert.equal(count(/CHILD_SA child-3\{\d+\} established/g), begun);
    }, 20_000);
    await lab.ipman.ready("reauthed");
    await eventually(() => {
      inNetns("app3", "ping -n -c 1 -W 1 10.1.3.1");
    });
    const { lost } = await pinging.stop();
    const most = droppedBy("sendsEarly") - earlyBefore;
    assert.ok(lost.length <= most, `lost pings, of which ${most} may be: ${lost.join("; ")}`);
  });
});
