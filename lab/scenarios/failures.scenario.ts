import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { find } from "../sites/ipman.ts";
import { faults, numbered, plant } from "../sites/faults.ts";
import { psk, secret, yaml } from "../sites/manifests.ts";
import { end, eventually, ip, start } from "../sites/shell.ts";
import { Pinging } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

const bin = join(import.meta.dirname, "../../bin/ipman");

describe("a connection with a fault", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let pinging: Pinging;
  const good = numbered("good", 2);
  const names = ["good", ...Object.keys(faults)];

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(good);
    const keys = Object.fromEntries(names.filter((n) => n !== "nokey").map((n) => [n, psk]));
    lab.ipman.apply("secret.yaml", yaml(secret(keys)));
    lab.ipman.apply("good.yaml", yaml(good));
    await lab.ipman.start("--log", "info");
    await lab.ipman.ready("good");
    // After this time without a failure, ipman no longer reads charon's log.
    await pause(6_000);
    ip("netns add app");
    lab.ipman.attach("app", "good", "child-2");
    pinging = new Pinging("app", "10.1.2.1");
  });
  after(() => resources.disposeAsync());

  it("reports a wrong pre-shared key as AuthenticationFailed, and ipman inspect shows it live", async () => {
    const shown = join(lab.folder, "inspect.log");
    const inspecting = start(shown, bin, ["inspect", "psk"]);
    await eventually(() => assert.match(readFileSync(shown, "utf8"), /charon .*ready/));
    await plant(lab, "psk", 3);
    await eventually(() => {
      const text = readFileSync(shown, "utf8");
      assert.match(text, /psk\/child-3 .*pending → negotiating/);
      assert.match(text, /psk\/child-3 .*→ failed.*: .*pre-shared key/);
      assert.doesNotMatch(text, /good/);
    });
    await end(inspecting);
    const status = await lab.ipman.reason("psk", "AuthenticationFailed");
    assert.doesNotMatch(JSON.stringify(status), new RegExp(psk));
    await lab.ipman.until((s) => find(s, "psk")?.state === "failed");
    const metrics = await lab.ipman.metrics();
    assert.equal(metrics.get('strongswan_ike_children{ike_name="good"}'), 1);
    assert.equal(metrics.get('strongswan_ike_children{ike_name="psk"}'), 0, "an explicit zero");
    const child = '{ike_name="psk",child_name="child-3"}';
    assert.equal(metrics.get(`strongswan_sa_bytes_inbound${child}`), 0);
  });

  it("reports IKE proposals without a match as NoProposalChosen", async () => {
    await plant(lab, "ike", 4);
    await lab.ipman.reason("ike", "NoProposalChosen");
  });

  it("reports ESP proposals without a match as NoProposalChosen of the child", async () => {
    await plant(lab, "esp", 5);
    await lab.ipman.until(
      (s) => find(s, "esp")?.children[0]?.failure?.reason === "NoProposalChosen",
    );
    await lab.ipman.until((s) => find(s, "esp")?.state === "established");
  });

  it("reports traffic selectors that the peer refuses as TrafficSelectorsRefused", async () => {
    await plant(lab, "ts", 6);
    await lab.ipman.reason("ts", "TrafficSelectorsRefused");
  });

  it("reports an option that charon does not know as ConfigRejected, with charon's message", async () => {
    await plant(lab, "extra", 7);
    const status = await lab.ipman.reason("extra", "ConfigRejected");
    assert.match(status.failure?.message ?? "", /unknown option: no_such_option/);
  });

  it("reports a peer that does not answer as PeerUnreachable", async () => {
    await plant(lab, "away", 8);
    await lab.ipman.reason("away", "PeerUnreachable", 30_000);
  });

  it("reports a secret without the key as SecretMissing until the key is added", async () => {
    await plant(lab, "nokey", 9);
    const status = await lab.ipman.reason("nokey", "SecretMissing");
    assert.match(status.failure?.message ?? "", /default\/ipsec-secret.*"nokey"/);
    await lab.mirror(numbered("nokey", 9));
    lab.ipman.apply("secret2.yaml", yaml(secret({})).replace("name: ipsec-secret", "name: other"));
    lab.ipman.apply("secret.yaml", yaml(secret(Object.fromEntries(names.map((n) => [n, psk])))));
    await lab.ipman.ready("nokey");
  });

  it("shows the problems of an invalid manifest, and its last valid version stays active", async () => {
    const bad = numbered("good", 2);
    (bad.spec as { remoteAddr: string }).remoteAddr = "not an address";
    lab.ipman.apply("good.yaml", yaml(bad));
    const invalid = await lab.ipman.until((s) => (find(s, "good")?.problems.length ?? 0) > 0);
    assert.equal(find(invalid, "good")?.problems[0]?.path, "spec.remoteAddr");
    assert.equal(find(invalid, "good")?.state, "established");
    writeFileSync(join(lab.ipman.manifests, "good.yaml"), "kind: IPSecConn\n  broken: [");
    const broken = await lab.ipman.until((s) =>
      s.problems.some(({ message }) => /YAML/.test(message)),
    );
    assert.equal(find(broken, "good")?.state, "established");
    lab.ipman.apply("good.yaml", yaml(good));
    await lab.ipman.until((s) => find(s, "good")?.problems.length === 0 && s.problems.length === 0);
  });

  it("causes no lost ping of another connection", async () => {
    const { sent, lost } = await pinging.stop();
    assert.ok(sent > 100, `${sent} pings`);
    assert.deepEqual(lost, []);
  });

  it("is established after its key was corrected", async () => {
    await lab.mirror(numbered("psk", 3));
    const all = Object.fromEntries(names.map((n) => [n, psk]));
    lab.ipman.apply("secret.yaml", yaml(secret({ ...all, psk: "something-else" })));
    lab.ipman.apply("secret.yaml", yaml(secret(all)));
    lab.ipman.apply("secret.yaml", yaml(secret({ ...all, psk: `${psk} ` })));
    lab.ipman.apply("psk.yaml", yaml(numbered("psk", 3, { extra: { rekey_time: "3h" } })));
    await lab.ipman.ready("psk", 30_000);
  });
});
