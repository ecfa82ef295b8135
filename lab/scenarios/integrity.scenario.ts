import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ConnectionStatus } from "../../src/model/status/status.ts";
import { childSpec, connectionSpec, yaml } from "../sites/manifests.ts";
import { answered } from "../sites/pings.ts";
import { eventually } from "../sites/shell.ts";
import { TwoSites } from "../sites/two-sites.ts";

const bin = join(import.meta.dirname, "../../bin/ipman");
// The runner would have colours where it has a terminal.
delete process.env["FORCE_COLOR"];

describe("a peer that truncates the checksums of SHA-256 to 96 bits", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const cr = connectionSpec("first");
  const truncating = { ...childSpec().extra, sha256_96: "yes" };
  const corrected = connectionSpec("first", {
    children: { "child-2": childSpec(2, { extra: truncating }) },
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.up(cr, { child: { sha256_96: "yes" } });
  });
  after(() => resources.disposeAsync());

  /** Some more than ipman needs: on a busy machine the gateway admits the worker after the first ones. */
  const count = 20;
  const pings = ["-c", String(count), "-i", "0.2"];
  const pingPeer = () => answered("app", "10.1.2.1", ...pings);
  const pingWorker = () => answered("peer", "10.0.2.3", ...pings, "-I", "10.1.2.1");
  const conditionsOf = ({ conditions }: ConnectionStatus) =>
    conditions
      .filter(({ type }) => type === "Ready" || type === "Traffic")
      .map(({ type, status, reason }) => `${type} ${status} ${reason}`);
  const diagnose = (...options: string[]) =>
    spawnSync(bin, ["diagnose", "first", ...options], { encoding: "utf8" }).stdout;

  it("is in doubt while packets leave and none comes back", async () => {
    assert.equal(pingPeer(), 0);
    const status = await lab.ipman.reason("first", "NothingReceived", 90_000);
    assert.deepEqual(conditionsOf(status), ["Traffic Unknown NothingReceived", "Ready True Ready"]);
    const found = diagnose("--ping", "10.1.2.1");
    assert.match(
      found,
      /first\/child-2: .*packets leave through the CHILD SA, and none comes back/,
    );
    assert.match(found, /sha256_96: yes/);
  });

  it("is not ready once packets of the peer fail the integrity check", async () => {
    assert.equal(pingWorker(), 0);
    const status = await lab.ipman.reason("first", "IntegrityMismatch", 90_000);
    assert.deepEqual(conditionsOf(status), [
      "Traffic False IntegrityMismatch",
      "Ready False IntegrityMismatch",
    ]);
    const metrics = await lab.ipman.metrics();
    assert.equal(metrics.get('ipman_child_up{connection="first",child="child-2"}'), 0);
    const [cause, remedy] = diagnose().split("\n");
    assert.match(cause ?? "", /child-2: \d+ ESP packets of the peer arrived, and every one failed/);
    assert.match(remedy ?? "", /set `sha256_96: yes`/);
  });

  it("is ready, and carries traffic, if this side truncates them too", async () => {
    lab.ipman.apply("first.yaml", yaml(corrected));
    await eventually(() => assert.equal(pingPeer(), count), 30_000, 500);
    const status = await lab.ipman.ready("first", 30_000);
    assert.deepEqual(conditionsOf(status), ["Ready True Ready"]);
    assert.match(diagnose("--ping", "10.1.2.1"), /nothing is wrong/);
  });
});
