import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Ipman } from "../sites/ipman.ts";
import { connectionSpec, psk, secret, yaml } from "../sites/manifests.ts";
import { eventually, ip, sh } from "../sites/shell.ts";

describe("ipman run on a full disk", () => {
  const resources = new AsyncDisposableStack();
  let ipman: Ipman;
  const fill = () => join(ipman.state, "fill");
  const endpoints = () => readFileSync(join(ipman.state, "endpoints.json"), "utf8");

  before(async () => {
    const folder = mkdtempSync(join(process.env["ARTIFACTS"] ?? tmpdir(), "full-disk-"));
    // The gateway's namespace needs no charon.
    ipman = resources.use(new Ipman(folder, "/run/none.vici"));
    mkdirSync(ipman.state, { recursive: true });
    sh("mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", ipman.state);
    ipman.apply("site.yaml", yaml(secret({ site: psk }), connectionSpec("site")));
    await ipman.start("--inspect", "off");
    ip("netns add app");
    await eventually(() => assert.match(ip("netns list"), /ipman-102/));
    // Without charon, attach only adds the workload to the list.
    assert.throws(() => ipman.attach("app", "site", "child-2"), /charon is not running/);
    await eventually(() => assert.match(endpoints(), /app/));
  });
  after(async () => {
    await ipman.stop();
    sh("umount", ipman.state);
    await resources.disposeAsync();
  });

  it("continues, reports the failure, and writes once there is room", async () => {
    assert.throws(() => writeFileSync(fill(), Buffer.alloc(200_000)), /ENOSPC/);
    ip("netns del app");
    const { stateProblem } = await ipman.until((status) => status.stateProblem !== undefined);
    assert.match(stateProblem ?? "", /endpoints\.json cannot be written: ENOSPC/);
    assert.match(endpoints(), /app/);
    rmSync(fill());
    await ipman.until((status) => status.stateProblem === undefined, 40_000);
    assert.doesNotMatch(endpoints(), /app/);
  });

  it("starts and continues if a namespace was removed while ipman was stopped", async () => {
    ip("netns add app");
    assert.throws(() => ipman.attach("app", "site", "child-2"), /charon is not running/);
    await eventually(() => assert.match(endpoints(), /app/));
    await ipman.stop();
    assert.throws(() => writeFileSync(fill(), Buffer.alloc(200_000)), /ENOSPC/);
    ip("netns del app");
    await ipman.start("--inspect", "off");
    await ipman.until((status) => status.stateProblem !== undefined);
    rmSync(fill());
    await ipman.until((status) => status.stateProblem === undefined, 40_000);
  });
});
