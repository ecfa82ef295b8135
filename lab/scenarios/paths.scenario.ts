import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { pathConnections } from "../../src/model/api/path.ts";
import type { PathStatus } from "../../src/model/status/status.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { find } from "../sites/ipman.ts";
import { connectionSpec, sites, yaml } from "../sites/manifests.ts";
import { Pinging } from "../sites/pings.ts";
import { SecondPeer, secondSite } from "../sites/second-peer.ts";
import { second } from "../sites/two-gateways.ts";
import { eventually, inNetns, ip } from "../sites/shell.ts";
import { impatient, TwoSites } from "../sites/two-sites.ts";

const name = "first";
const holdSeconds = 4;
const quick = { dpd_delay: "1s" };
const alone = connectionSpec(name, { extra: quick });
const both = connectionSpec(name, {
  extra: quick,
  paths: [{ name: "main" }, { name: "backup", ...second }],
  failover: { holdSeconds },
});
const ipman = join(import.meta.dirname, "../../bin/ipman");

describe("a connection with two paths to two gateways of the partner", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let other: SecondPeer;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    other = resources.use(await SecondPeer.build(lab.folder, { settings: impatient }));
    await other.mirror(connectionSpec(name, { extra: quick, ...second }));
    await lab.up(alone);
  });
  after(() => resources.disposeAsync());

  const statusOf = async () => {
    const status = find(await lab.ipman.status(), name);
    assert.ok(status);
    return status;
  };
  const rolesOf = (paths: readonly PathStatus[] = []) =>
    paths.map(({ name: path, role, state }) => `${path} ${role} ${state}`);
  const activeOf = (paths: readonly PathStatus[] = []) =>
    paths.find(({ role }) => role === "active")?.name;
  const active = (path: string, timeoutMs?: number) =>
    lab.ipman.until((status) => {
      const found = find(status, name);
      return activeOf(found?.paths) === path && found?.state === "established";
    }, timeoutMs);
  const countOf = (log: string) => log.match(/(generating|parsed) (IKE|CREATE|INFO)\w*/g)?.length;
  /** How often an IKE SA of the path backup was established. */
  const standbyIkes = () => lab.node.log.match(/IKE_SA first\/backup\[\d+\] established/g)?.length;
  /** The SPIs of the SAs to and from an address. */
  const spisOf = (address: string) =>
    [...ip("xfrm state").matchAll(/src (\S+) dst (\S+)\s+proto esp spi (\S+)/g)]
      .filter(([, from, to]) => from === address || to === address)
      .map(([, , , spi = ""]) => spi)
      .toSorted((a, b) => (a < b ? -1 : 1));

  it("changes from one path to two and back without an IKE message of the path that stays", async () => {
    await pause(1_500);
    const pinging = new Pinging("app", "10.1.2.1");
    const before = spisOf("192.168.1.2");
    assert.equal(before.length, 2);
    lab.ipman.apply(`${name}.yaml`, yaml(both));
    await lab.ipman.until((status) => find(status, name)?.paths?.length === 2);
    await pause(500);
    assert.equal(activeOf((await statusOf()).paths), "main");
    lab.ipman.apply(`${name}.yaml`, yaml(alone));
    await lab.ipman.until((status) => find(status, name)?.paths?.length === 0);
    await pause(500);
    lab.ipman.apply(`${name}.yaml`, yaml(both));
    await lab.ipman.until((status) => find(status, name)?.paths?.length === 2);
    assert.deepEqual(spisOf("192.168.1.2"), before);
    assert.deepEqual((await pinging.stop()).lost, []);
    assert.equal(lab.node.log.match(/IKE_SA first\[\d+\] established/g)?.length, 1);
  });

  it("keeps an IKE SA of the standby, which has no CHILD SA", async () => {
    const [, backup] = pathConnections(parsed(both));
    assert.equal(backup?.connection.name, "first/backup");
    await lab.ipman.until((status) => find(status, name)?.paths?.at(1)?.state === "established");
    assert.deepEqual(rolesOf((await statusOf()).paths), [
      "main active established",
      "backup standby established",
    ]);
    assert.deepEqual(spisOf(secondSite.peer), []);
  });

  it("is moved by a command, there and back, without a lost ping", async () => {
    const standbys = standbyIkes();
    for (const path of ["backup", "main"]) {
      const pinging = new Pinging("app", "10.1.2.1");
      await pinging.begun();
      const output = execFileSync(ipman, ["move", name, path], { encoding: "utf8" });
      assert.equal(output, `${name} has the active path ${path}\n`);
      await pause(1_500);
      const { sent, lost } = await pinging.stop();
      assert.deepEqual(lost, [], `${sent} pings`);
      // The path that was left has ended its SAs.
      const [here, there] = [secondSite.peer, "192.168.1.2"];
      const [used, left] = path === "backup" ? [here, there] : [there, here];
      await eventually(() => assert.deepEqual(spisOf(left), []));
      assert.equal(spisOf(used).length, 2);
    }
    assert.equal(standbyIkes(), standbys);
    const metrics = await lab.ipman.metrics();
    assert.equal(metrics.get('ipman_path_switches_total{connection="first",cause="move"}'), 2);
    assert.equal(metrics.get('ipman_path_active{connection="first",path="main"}'), 1);
    assert.equal(metrics.get('ipman_path_up{connection="first",path="backup"}'), 1);
  });

  it("stays where it is if the other gateway does not answer a move", async () => {
    other.plug("down");
    const pinging = new Pinging("app", "10.1.2.1");
    const { status, stdout } = spawnSync(ipman, ["move", name, "backup"], { encoding: "utf8" });
    other.plug("up");
    assert.equal(status, 1);
    assert.match(stdout, /^first stays on the path main, since backup did not come up/);
    assert.deepEqual((await pinging.stop()).lost, []);
    assert.equal(activeOf((await statusOf()).paths), "main");
  });

  for (const [what, place, cause] of [
    ["the active gateway", "-n peer ", "unreachable"],
    ["the node's cable to it", "", "lost"],
  ] as const)
    it(`takes the other path when ${what} is lost, and returns after the hold`, async (t) => {
      const switches = `ipman_path_switches_total{connection="first",cause="${cause}"}`;
      const before = (await lab.ipman.metrics()).get(switches) ?? 0;
      const pinging = new Pinging("app", "10.1.2.1");
      await pinging.begun();
      ip(`${place}link set wire0 down`);
      await active("backup");
      await pause(300);
      const { sent, lost } = await pinging.stop();
      t.diagnostic(`${lost.length} of ${sent} pings, each 10 ms, were lost`);
      assert.ok(lost.length > 0 && lost.length < 800, `${lost.length} of ${sent} pings`);
      assert.equal((await lab.ipman.metrics()).get(switches), before + 1);
      ip(`${place}link set wire0 up`);
      if (place !== "") ip("-n peer route replace 10.0.0.0/16 dev wire0");
      const back = new Pinging("app", "10.1.2.1");
      await active("main", 40_000);
      await pause(1_500);
      assert.deepEqual((await back.stop()).lost, []);
      await eventually(() => assert.deepEqual(spisOf(secondSite.peer), []));
    });

  it("keeps the active path over a restart of ipman, without a lost ping or an IKE message", async () => {
    lab.ipman.apply(`${name}.yaml`, yaml(withSpec({ failover: { failback: "never" } })));
    execFileSync(ipman, ["move", name, "backup"]);
    await eventually(() => assert.deepEqual(spisOf("192.168.1.2"), []));
    const before = spisOf(secondSite.peer);
    const messages = countOf(other.charon.log);
    const pinging = new Pinging("app", "10.1.2.1");
    await lab.ipman.stop();
    await lab.ipman.start();
    await active("backup");
    await pause(1_000);
    assert.deepEqual((await pinging.stop()).lost, []);
    assert.deepEqual(spisOf(secondSite.peer), before);
    assert.deepEqual(spisOf("192.168.1.2"), []);
    assert.ok(messages);
  });

  it("keeps the active path while charon restarts", async () => {
    await lab.node.stop("SIGKILL");
    await pause(2_500);
    assert.equal(activeOf((await statusOf()).paths), "backup");
    await lab.node.start();
    await active("backup");
  });

  it("ends the SAs of a path that was removed", async () => {
    lab.ipman.apply(`${name}.yaml`, yaml(alone));
    await lab.ipman.until((status) => {
      const found = find(status, name);
      return found?.paths?.length === 0 && found.state === "established";
    });
    await eventually(() => assert.deepEqual(spisOf(secondSite.peer), []));
    await eventually(() => assert.equal(spisOf("192.168.1.2").length, 2));
    const devices = () => inNetns("ipman-102", "ip -br link").match(/xfrm\d+/g);
    await eventually(() => assert.deepEqual(devices(), ["xfrm102"]));
  });
});

describe("a connection with two paths to two gateways with the same identity", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let other: SecondPeer;
  const addresses = { localAddr: secondSite.node, remoteAddr: secondSite.peer };

  before(async () => {
    lab = resources.use(await TwoSites.build());
    other = resources.use(await SecondPeer.build(lab.folder, { settings: impatient }));
    // It dials as well.
    const connection = { remote_addrs: [secondSite.node] };
    await other.mirror(connectionSpec(name, addresses), { connection });
    await lab.up(
      connectionSpec(name, { paths: [{ name: "main" }, { name: "backup", ...addresses }] }),
    );
  });
  after(() => resources.disposeAsync());

  it("keeps the active path if the other gateway dials the other path", async () => {
    const pinging = new Pinging("app", "10.1.2.1");
    await pinging.begun();
    await other.session.request("initiate", { ike: name, child: "child-2", timeout: "10000" });
    await lab.ipman.until(
      (status) => find(status, name)?.paths?.every(({ state }) => state === "established") === true,
    );
    await pause(2_000);
    const { lost } = await pinging.stop();
    assert.deepEqual(lost, []);
    const { paths: [main] = [], conditions = [] } = find(await lab.ipman.status(), name) ?? {};
    assert.deepEqual([main?.role, main?.state], ["active", "established"]);
    const redundant = conditions.find(({ type }) => type === "Redundant");
    assert.deepEqual([redundant?.status, redundant?.reason], ["True", "StandbyReady"]);
    const metrics = await lab.ipman.metrics();
    assert.equal(metrics.get('ipman_connection_redundant{connection="first"}'), 1);
  });

  it("takes it over without a dial once the active gateway is lost", async (t) => {
    const pinging = new Pinging("app", "10.1.2.1");
    await pinging.begun();
    ip("link set wire0 down");
    await lab.ipman.until((status) => find(status, name)?.paths?.at(1)?.role === "active", 60_000);
    await pause(300);
    const { sent, lost } = await pinging.stop();
    t.diagnostic(`${lost.length} of ${sent} pings, each 10 ms, were lost`);
  });
});

describe("a connection with two paths to two addresses of one gateway", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  const other = { remoteAddr: sites.peer.other, remoteId: "peer.other" };

  before(async () => {
    lab = resources.use(await TwoSites.build());
    const ofOther = connectionSpec("second", { ...other, localId: `node.${name}` });
    await lab.mirror(ofOther);
    await lab.up(
      connectionSpec(name, {
        paths: [{ name: "main" }, { name: "backup", ...other }],
        failover: { failback: "never" },
      }),
    );
  });
  after(() => resources.disposeAsync());

  it("moves ten times; the gateway drops what is on its way through the other tunnel", async (t) => {
    let lostInAll = 0;
    for (let turn = 0; turn < 10; turn++) {
      const path = turn % 2 === 0 ? "backup" : "main";
      const pinging = new Pinging("app", "10.1.2.1");
      await pinging.begun();
      execFileSync(ipman, ["move", name, path]);
      await pause(1_500);
      const { sent, lost } = await pinging.stop();
      assert.ok(lost.length <= 5, `${lost.length} of ${sent} pings`);
      lostInAll += lost.length;
    }
    t.diagnostic(`${lostInAll} pings, each 10 ms, were lost in ten moves`);
  });
});

function withSpec(changes: object) {
  return { ...both, spec: { ...both.spec, ...changes } };
}

function parsed(cr: object) {
  const result = connectionFromCr(cr);
  assert.ok(result.ok);
  return result.value;
}
