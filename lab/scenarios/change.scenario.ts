import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { Prometheus } from "../sites/prometheus.ts";
import { eventually, ip } from "../sites/shell.ts";
import { answered, Pinging } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("a change of the spec", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let prometheus: Prometheus;
  const two = { "child-2": childSpec(2) };
  const three = { ...two, "child-3": childSpec(3) };

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(connectionSpec("first", { children: three }));
    lab.ipman.apply("secret.yaml", yaml(secret({ first: psk })));
    lab.ipman.apply("first.yaml", yaml(connectionSpec("first", { children: two })));
    await lab.ipman.start();
    await lab.ipman.ready("first");
    ip("netns add app");
    lab.ipman.attach("app", "first", "child-2");
    // A tunnel may be down for 15 seconds before an alert fires.
    prometheus = resources.use(await Prometheus.start(lab.folder, { scale: 12 }));
  });
  after(() => resources.disposeAsync());

  const works = (netns = "app", address = "10.1.2.1") =>
    assert.equal(answered(netns, address, "-c", "1"), 1);
  const ikeMessages = () =>
    lab.node.log.match(/(generating|parsed) (IKE|CREATE|INFO)\w*/g)?.length ?? 0;

  it("to a pool sends no IKE message, and the new address can be assigned", async () => {
    const before = ikeMessages();
    const child = childSpec(2, { ip_pools: { primary: ["10.0.2.3/24"], extra: ["10.0.2.77/24"] } });
    lab.ipman.apply(
      "first.yaml",
      yaml(connectionSpec("first", { children: { "child-2": child } })),
    );
    ip("netns add pooled");
    await eventually(() => {
      assert.equal(
        lab.ipman.attach("pooled", "first", "child-2", "--pool", "extra"),
        "10.0.2.77/24",
      );
    });
    await eventually(() => works("pooled"));
    assert.equal(ikeMessages(), before);
  });

  it("that adds a child negotiates only this child", async () => {
    const pinging = new Pinging("app", "10.1.2.1");
    lab.ipman.apply("first.yaml", yaml(connectionSpec("first", { children: three })));
    await lab.ipman.until((s) => find(s, "first")?.children.length === 2);
    await lab.ipman.ready("first");
    ip("netns add app3");
    lab.ipman.attach("app3", "first", "child-3");
    await eventually(() => works("app3", "10.1.3.1"));
    assert.deepEqual((await pinging.stop()).lost, []);
    // The xfrm interface was in charon's namespace for a moment, which the peer must not see.
    assert.doesNotMatch(lab.node.log, /sending address list update/);
  });

  it("to a child's selectors replaces the SA of the child", async () => {
    const changed = childSpec(3, { remote_ips: ["10.1.3.0/25"] });
    const cr = connectionSpec("first", { children: { ...two, "child-3": changed } });
    await lab.mirror(cr);
    lab.ipman.apply("first.yaml", yaml(cr));
    await eventually(async () => {
      assert.deepEqual(await selectors("child-3"), ["10.1.3.0/25"]);
    });
    await lab.ipman.ready("first");
    await eventually(() => works("app3", "10.1.3.1"));
  });

  it("that removes a child removes its SA and gateway, and the other child continues", async () => {
    const pinging = new Pinging("app", "10.1.2.1");
    lab.ipman.apply("first.yaml", yaml(connectionSpec("first", { children: two })));
    await eventually(() => assert.equal(existsSync("/run/netns/ipman-103"), false));
    await eventually(async () => assert.deepEqual(await selectors("child-3"), []));
    assert.deepEqual((await pinging.stop()).lost, []);
  });

  it("to the secret at both ends keeps the tunnel up, and the next negotiation uses the new secret", async () => {
    const pinging = new Pinging("app", "10.1.2.1");
    await lab.mirror(connectionSpec("first", { children: two }), { secret: "the-next-secret" });
    lab.ipman.apply("secret.yaml", yaml(secret({ first: "the-next-secret" })));
    await eventually(() => assert.match(lab.node.log, /(loaded IKE shared key[\s\S]*){2}/));
    assert.deepEqual((await pinging.stop()).lost, []);
    await lab.peerSession.request("terminate", { ike: "first" });
    await eventually(works);
    await lab.ipman.ready("first");
  });

  it("to an IKE option replaces the IKE SA", async () => {
    const before = await ikeId();
    const cr = connectionSpec("first", { children: two, extra: { rekey_time: "2h" } });
    lab.ipman.apply("first.yaml", yaml(cr));
    await eventually(async () => assert.notEqual(await ikeId(), before));
    await lab.ipman.ready("first");
    await eventually(works);
  });

  it("that deletes a connection removes its SAs, secret and links", async () => {
    lab.ipman.remove("first.yaml");
    await lab.ipman.until((s) => s.connections.length === 0);
    const session = await lab.node.session();
    assert.deepEqual((await session.request("get-conns")).conns, []);
    assert.deepEqual((await session.request("get-shared")).keys, []);
    assert.deepEqual(await Array.fromAsync(session.stream("list-sas")), []);
    session.close();
    assert.equal(existsSync("/run/netns/ipman-102"), false);
    assert.equal(ip("xfrm state").trim(), "");
  });

  it("that declares a connection again establishes it", async () => {
    lab.ipman.apply("first.yaml", yaml(connectionSpec("first", { children: two })));
    await lab.ipman.ready("first");
  });

  it("fires no alert", async () => {
    const children = await prometheus.value("count(max_over_time(ipman_child_up[1h]))");
    assert.equal(children, 2, "Prometheus scraped both children");
    assert.deepEqual(await prometheus.alerts("firing"), []);
  });

  async function sas() {
    const session = await lab.node.session();
    const items = await Array.fromAsync(session.stream("list-sas"));
    session.close();
    return items.flatMap((item) => Object.values(item));
  }
  async function ikeId(): Promise<string> {
    const established = (await sas()).find((sa) => sa.state === "ESTABLISHED");
    assert.ok(established);
    return established.uniqueid;
  }
  async function selectors(child: string): Promise<string[]> {
    return (await sas())
      .flatMap((sa) => Object.values(sa["child-sas"]))
      .filter((sa) => sa.name === child && sa.state === "INSTALLED")
      .flatMap((sa) => sa["remote-ts"] ?? []);
  }
});
