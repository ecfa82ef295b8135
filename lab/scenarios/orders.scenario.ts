import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { childSpec, connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { ip, sh } from "../sites/shell.ts";
import { Pinging } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

const bin = join(import.meta.dirname, "../../bin/ipman");
// The output would have colours if the test runner had a terminal.
delete process.env["FORCE_COLOR"];

const withGroup = (group: string) => ({ esp_proposals: `aes256-sha256-${group}` });

describe("the commands of ipman", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const children = {
    "child-2": childSpec(2, { extra: withGroup("ecp256") }),
    "child-3": childSpec(3, { extra: withGroup("ecp256") }),
  };
  const cr = connectionSpec("ordered", { children });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    lab.ipman.apply("secret.yaml", yaml(secret({ ordered: psk, pfs: psk })));
    await lab.mirror(cr);
    lab.ipman.apply("one.yaml", yaml(cr));
    await lab.ipman.start();
    await lab.ipman.ready("ordered");
    ip("netns add app");
    lab.ipman.attach("app", "ordered", "child-2");
  });
  after(() => resources.disposeAsync());

  async function sas(): Promise<{ ike: string[]; children: string[] }> {
    const session = await lab.node.session();
    const items = await Array.fromAsync(session.stream("list-sas"));
    session.close();
    const ikes = items.flatMap((item) => Object.values(item));
    const all = ikes.flatMap((sa) => Object.values(sa["child-sas"]));
    const up = all.filter((sa) => sa.state === "INSTALLED");
    return {
      ike: ikes.map((sa) => sa.uniqueid),
      children: up.map((sa) => sa.uniqueid),
    };
  }

  it("logs prints the transitions of a connection and charon's lines about it", () => {
    const said = sh(bin, "logs", "ordered").split("\n");
    const at = (text: RegExp) => said.findIndex((line) => text.test(line));
    const established = at(/ipman +ordered established/);
    const charon = at(/charon +\[IKE\] IKE_SA ordered\[\d+\] established between/);
    assert.ok(established >= 0 && charon >= 0, said.join("\n"));
    assert.ok(at(/ipman +ordered\/child-2 established/) >= 0);
    const described = sh(bin, "describe", "ordered");
    assert.match(described, /CHILD SA +#\d+ INSTALLED, 10\.0\.2\.0\/24 with 10\.1\.2\.0\/24/);
    assert.match(sh(bin, "status"), /child-2 +established +\d+s/);
  });

  it("gather writes an archive with states, logs and a diagnosis, and without a secret", () => {
    const archive = join(lab.folder, "gathered.tar.gz");
    assert.match(sh(bin, "gather", "-o", archive), /gathered\.tar\.gz: \d+ files; no Secret/);
    const all = sh("tar", "-xzOf", archive);
    const files = sh("tar", "-tzf", archive);
    for (const file of ["status.yaml", "actors.jsonl", "ordered/log.txt", "app/routes.txt"])
      assert.ok(files.includes(file), `${file}\n${files}`);
    assert.match(all, /nothing is wrong/);
    assert.match(all, /IKE_SA ordered\[\d+\] established between/);
    const keys = ip("xfrm state").match(/0x[0-9a-f]{32,}/g) ?? [];
    assert.ok(keys.length >= 8);
    for (const planted of [psk, Buffer.from(psk).toString("base64"), ...keys])
      assert.ok(!all.includes(planted), planted);
  });

  it("rekey creates new CHILD SAs in the same IKE SA without a lost ping", async () => {
    const pinging = new Pinging("app", "10.1.2.1");
    const before = await sas();
    const said = sh(bin, "rekey", "ordered").trim().split("\n");
    assert.deepEqual(said.toSorted(), [
      "ordered/child-2 has a new CHILD SA",
      "ordered/child-3 has a new CHILD SA",
    ]);
    const after = await sas();
    assert.deepEqual(after.ike, before.ike);
    assert.equal(after.children.length, 2);
    for (const id of before.children) assert.ok(!after.children.includes(id));
    assert.deepEqual((await pinging.stop()).lost, []);
  });

  it("restart creates another IKE SA, which carries traffic once the command ends", async () => {
    const before = await sas();
    assert.match(sh(bin, "restart", "ordered"), /ordered\/child-2 carries traffic again/);
    const after = await sas();
    assert.equal(after.ike.length, 1);
    assert.notDeepEqual(after.ike, before.ike);
    ip("netns exec app ping -c 3 -i 0.05 -W 1 10.1.2.1");
  });

  it("rekey lists the known connections if the given one is unknown", () => {
    const { status, stderr } = spawnSync(bin, ["rekey", "absent"], { encoding: "utf8" });
    assert.equal(status, 1);
    assert.equal(stderr, 'ipman rekey: there is no connection "absent" here; known: ordered\n');
  });

  it("rekey reports the reason if the peer refuses, and the tunnel stays up", async () => {
    // The first CHILD SA uses the key exchange of its IKE SA; only a rekey has a separate one.
    const pfs = connectionSpec("pfs", {
      children: { "child-4": childSpec(4, { extra: withGroup("ecp256") }) },
    });
    await lab.mirror(pfs, { child: { esp_proposals: ["aes256-sha256-ecp384"] } });
    lab.ipman.apply("pfs.yaml", yaml(pfs));
    await lab.ipman.ready("pfs");
    // After this time without a failure, ipman no longer reads charon's log.
    await pause(6_000);
    const { status, stdout } = spawnSync(bin, ["rekey", "pfs"], { encoding: "utf8" });
    assert.match(stdout, /pfs\/child-4 was not rekeyed: NoProposalChosen: /);
    assert.equal(status, 1);
    await lab.ipman.ready("pfs");
  });
});
