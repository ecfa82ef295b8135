import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { eventually, inNetns, ip } from "../sites/shell.ts";
import { answered, Pinging } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("a restart of ipman run", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  // charon since 6.0.1 detects dead peers at each delay, also while ESP packets arrive.
  const cr = connectionSpec("first", { extra: { dpd_delay: "10m" } });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(cr);
    answered("app", "10.1.2.1", "-c", "3", "-i", "0.01");
  });
  after(() => resources.disposeAsync());

  const spis = () =>
    ip("xfrm state")
      .match(/spi \w+/g)
      ?.toSorted() ?? [];
  const ikeMessages = () =>
    lab.node.log.match(/(generating|parsed) (IKE|CREATE|INFO)\w*/g)?.length ?? 0;

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    it(`loses no ping and sends no IKE message over ${signal}`, async () => {
      const before = ikeMessages();
      const pinging = new Pinging("app", "10.1.2.1");
      await lab.ipman.stop(signal);
      await lab.ipman.start();
      const status = await lab.ipman.ready("first");
      assert.equal(status.children[0]?.workers.length, 1);
      const { sent, lost } = await pinging.stop();
      assert.ok(sent > 20, `${sent} pings`);
      assert.deepEqual(lost, []);
      assert.equal(ikeMessages(), before);
    });
  }

  for (const seconds of [7_200, -7_200]) {
    it(`loses no ping if the clock was set by ${seconds} s meanwhile`, async () => {
      const pinging = new Pinging("app", "10.1.2.1");
      const sas = spis();
      await lab.ipman.stop();
      const { NODE_OPTIONS } = process.env;
      const jump = `const now = Date.now; Date.now = () => now() + ${seconds * 1_000};`;
      process.env["NODE_OPTIONS"] = `--import=data:text/javascript,${encodeURIComponent(jump)}`;
      await lab.ipman.start();
      if (NODE_OPTIONS === undefined) delete process.env["NODE_OPTIONS"];
      else process.env["NODE_OPTIONS"] = NODE_OPTIONS;
      await lab.ipman.ready("first");
      assert.deepEqual(spis(), sas);
      assert.deepEqual((await pinging.stop()).lost, []);
    });
  }

  it("removes SAs and policies that charon does not list, and keeps all others, including a trap", async () => {
    const extra = { ...childSpec(3).extra, start_action: "trap" };
    const trap = connectionSpec("trap", { children: { "child-3": childSpec(3, { extra }) } });
    lab.ipman.apply("secret.yaml", yaml(secret({ first: psk, trap: psk })));
    lab.ipman.apply("trap.yaml", yaml(trap));
    await eventually(() => assert.match(ip("xfrm policy"), /10\.1\.3\.0\/24/));
    const before = [spis(), ip("xfrm policy").split("dir ").length];
    await lab.ipman.stop();
    const ends = "src 192.168.1.1 dst 192.168.1.2";
    ip(
      `xfrm state add ${ends} proto esp spi 7 reqid 1 mode tunnel aead rfc4106(gcm(aes)) 0x${"11".repeat(20)} 128 if_id 102`,
    );
    ip(
      `xfrm policy add src 10.0.9.0/24 dst 10.1.9.0/24 dir out if_id 102 tmpl ${ends} proto esp reqid 99 mode tunnel`,
    );
    const pinging = new Pinging("app", "10.1.2.1");
    await lab.ipman.start();
    await lab.ipman.ready("first");
    assert.deepEqual([spis(), ip("xfrm policy").split("dir ").length], before);
    assert.match(ip("xfrm policy"), /10\.1\.3\.0\/24/);
    assert.deepEqual((await pinging.stop()).lost, []);
    lab.ipman.remove("trap.yaml");
    await eventually(() => assert.doesNotMatch(ip("xfrm policy"), /10\.1\.3\.0\/24/));
  });

  it("removes nothing while a manifest cannot be read", async () => {
    await lab.ipman.stop();
    lab.ipman.apply("first.yaml", "kind: IPSecConnection\n  half-written: [");
    const before = ikeMessages();
    const pinging = new Pinging("app", "10.1.2.1");
    await lab.ipman.start();
    await lab.ipman.until(
      ({ charon, problems }) => charon.state === "ready" && problems.length > 0,
    );
    lab.ipman.apply("first.yaml", yaml(cr));
    await lab.ipman.ready("first");
    assert.deepEqual((await pinging.stop()).lost, []);
    assert.equal(ikeMessages(), before);
  });

  it("removes connections that were deleted while it was stopped", async () => {
    await lab.ipman.stop();
    lab.ipman.remove("first.yaml");
    await lab.ipman.start();
    await lab.ipman.until(
      (status) => status.charon.state === "ready" && status.connections.length === 0,
    );
    using session = await charonSession();
    assert.deepEqual((await session.request("get-conns")).conns, []);
    assert.deepEqual((await session.request("get-shared")).keys, []);
    assert.deepEqual(readdirSync("/run/netns").toSorted(), ["app", "ipman", "peer"]);
    lab.ipman.apply("first.yaml", yaml(cr));
    await lab.ipman.ready("first");
    await lab.ipman.stop();
  });

  it("removes everything that it created, and nothing else, with --teardown", async () => {
    ip("link add foreign type dummy");
    await lab.ipman.start("--teardown");
    await lab.ipman.ready("first");
    await lab.ipman.stop();
    using session = await charonSession();
    assert.deepEqual((await session.request("get-conns")).conns, []);
    assert.deepEqual((await session.request("get-shared")).keys, []);
    assert.equal(ip("xfrm state").trim(), "");
    assert.deepEqual(readdirSync("/run/netns").toSorted(), ["app", "peer"]);
    assert.doesNotMatch(ip("-n app link"), /ipman0|vxlan/);
    assert.equal(inNetns("app", "nft list ruleset"), "");
    assert.match(ip("link"), /foreign/);
    assert.equal(existsSync("/run/ipman/control.sock"), false);
  });

  async function charonSession() {
    const session = await lab.node.session();
    return Object.assign(session, { [Symbol.dispose]: () => session.close() });
  }
});
