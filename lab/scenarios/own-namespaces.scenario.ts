import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { answered, Pinging } from "../sites/pings.ts";
import { eventually, inNetns, ip, sh } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

describe("network namespaces with the names of ipman's", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const cr = connectionSpec("first");

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(cr);
    lab.ipman.apply("secret.yaml", yaml(secret({ first: psk })));
    lab.ipman.apply("first.yaml", yaml(cr));
  });
  after(() => resources.disposeAsync());

  const names = () => readdirSync("/run/netns").toSorted();
  const content = (name: string) =>
    ["ip -o link", "ip -o addr", "nft list ruleset"].map((text) => inNetns(name, text)).join("\n");
  const messagesOf = async () =>
    (await lab.ipman.reason("first", "NamespaceTaken")).children
      .map(({ failure }) => failure?.message ?? "")
      .join("\n");

  for (const [name, device, what] of [
    ["ipman-102", "db0", "a gateway's"],
    ["ipman", "fabric", "the fabric's"],
  ] as const) {
    it(`that a user made are refused and left as they are: ${what}`, async () => {
      ip(`netns add ${name}`);
      ip(`-n ${name} link add ${device} type dummy`);
      ip(`-n ${name} link set ${device} up`);
      ip(`-n ${name} addr add 10.99.0.1/24 dev ${device}`);
      const before = content(name);
      await lab.ipman.start("--teardown");
      assert.match(await messagesOf(), new RegExp(`/run/netns/${name} exists and was not made by`));
      assert.equal(content(name), before);
      await lab.ipman.stop();
      assert.deepEqual(names(), [name, "peer"].toSorted(), "--teardown removes only its own");
      assert.equal(content(name), before);
      ip(`netns del ${name}`);
    });
  }

  it("are used once the user has renamed his", async () => {
    ip("netns add ipman-102");
    await lab.ipman.start();
    await messagesOf();
    ip("netns del ipman-102");
    await lab.ipman.ready("first", 60_000);
    assert.match(ip("-n ipman-102 link show lo"), /alias made by ipman/);
    ip("netns add app");
    lab.ipman.attach("app", "first", "child-2");
    await eventually(() => assert.equal(answered("app", "10.1.2.1", "-c", "1"), 1));
  });

  it("that a version without the mark made are adopted, without the loss of a ping", async () => {
    await lab.ipman.stop();
    const pinging = new Pinging("app", "10.1.2.1");
    for (const name of ["ipman", "ipman-102"])
      sh("ip", "-n", name, "link", "set", "dev", "lo", "alias", "");
    assert.doesNotMatch(ip("-n ipman-102 link show lo"), /alias/);
    await lab.ipman.start("--teardown");
    await lab.ipman.ready("first");
    for (const name of ["ipman", "ipman-102"])
      assert.match(ip(`-n ${name} link show lo`), /alias made by ipman/);
    assert.deepEqual((await pinging.stop()).lost, []);
    await lab.ipman.stop();
    assert.deepEqual(names(), ["app", "peer"]);
  });
});
