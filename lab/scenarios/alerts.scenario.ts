import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { faults, plant, type FaultName } from "../sites/faults.ts";
import { childSpec, connectionSpec, psk, secret, sites, yaml } from "../sites/manifests.ts";
import { block } from "../sites/peer-firewall.ts";
import { Prometheus } from "../sites/prometheus.ts";
import { eventually, inNetns, ip } from "../sites/shell.ts";
import { Pinging } from "../sites/pings.ts";
import { TwoSites } from "../sites/two-sites.ts";

/** Lifetimes on the scale of Prometheus: an hour is half a minute. */
const rekeying = { rekey_time: "4s", life_time: "30s", rand_time: "0s" };
const planted = Object.keys(faults) as FaultName[];
const esp = { esp_proposals: "aes256-sha256-ecp256" };

describe("a real Prometheus", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let prometheus: Prometheus;
  const one = connectionSpec("one", {
    children: {
      "child-2": childSpec(2, { extra: { ...esp, ...rekeying } }),
      "child-3": childSpec(3, { probe: { address: "10.1.3.1", intervalSeconds: 1 } }),
    },
    extra: { rekey_time: "10s", over_time: "10s", rand_time: "0s" },
  });

  before(async () => {
    lab = resources.use(await TwoSites.build());
    await lab.mirror(one, { child: { rekey_time: "0s" }, connection: { rekey_time: "0s" } });
    const names = ["one", "late", ...planted.filter((name) => name !== "nokey")];
    const keys = Object.fromEntries(names.map((name) => [name, psk]));
    lab.ipman.apply("secret.yaml", yaml(secret(keys)));
    lab.ipman.apply("one.yaml", yaml(one));
    await lab.ipman.start("--log", "info");
    await lab.ipman.ready("one");
    ip("netns add app");
    lab.ipman.attach("app", "one", "child-2");
    prometheus = resources.use(await Prometheus.start(lab.folder));
  });
  after(() => resources.disposeAsync());

  /** Waits until this alert fires, and no other. */
  async function fires(alert: string, withinMs = 25_000): Promise<void> {
    await eventually(
      async () => {
        const firing = await prometheus.firingNames();
        assert.deepEqual(firing, [alert]);
      },
      withinMs,
      100,
    );
  }

  /** Checks for this time that no other alert fires. */
  async function stays(wanted: readonly string[], forMs: number): Promise<void> {
    for (const until = Date.now() + forMs; Date.now() < until; await pause(100))
      assert.deepEqual(await prometheus.firingNames(), wanted);
  }

  const quiet = () =>
    eventually(async () => assert.deepEqual(await prometheus.firingNames(), []), 30_000, 100);

  it("fires no alert during an hour of rekeys under traffic", async () => {
    const pinging = new Pinging("app", "10.1.2.1");
    const rekeys = () =>
      lab.node.log.match(/inbound CHILD_SA child-2\{\d+\} established/g)?.length ?? 0;
    const before = rekeys();
    for (let second = 0; second < 30; second++) {
      assert.deepEqual(await prometheus.firing(), [], `after ${2 * second} minutes`);
      await pause(1_000);
    }
    assert.deepEqual((await pinging.stop()).lost, []);
    assert.ok(rekeys() - before >= 5, `${rekeys() - before} rekeys`);
    assert.equal(await prometheus.value("count(ipman_child_up == 1)"), 2);
  });

  it("fires no alert for deleted links or a killed ipman", async () => {
    const pinging = new Pinging("app", "10.1.2.1");
    for (const link of ["xfrm102", "vxlan102"]) {
      inNetns("ipman-102", `ip link del ${link}`);
      await stays([], 3_000);
    }
    await lab.ipman.stop("SIGKILL");
    await lab.ipman.start("--log", "info");
    await stays([], 5_000);
    assert.equal(await prometheus.value("count(ipman_child_up == 1)"), 2);
    const { received } = await pinging.stop();
    assert.ok(received > 0);
  });

  it("fires IPManSpecInvalid for a manifest with problems, and for a file that is not YAML", async () => {
    lab.ipman.apply(
      "one.yaml",
      yaml({ ...one, spec: { ...one.spec, remoteAddr: "not an address" } }),
    );
    await fires("IPManSpecInvalid");
    const about = (await prometheus.firing()).map(({ labels }) => labels["connection"]);
    assert.deepEqual(about, ["one"]);
    lab.ipman.apply("one.yaml", yaml(one));
    await quiet();
    lab.ipman.apply("broken.yaml", "kind: IPSecConn\n  broken: [");
    await fires("IPManSpecInvalid");
    lab.ipman.remove("broken.yaml");
    await quiet();
  });

  it("fires IPManChildDown alone for each connection that cannot come up", async () => {
    for (const [n, name] of planted.entries()) await plant(lab, name, 10 + n);
    await fires("IPManChildDown", 40_000);
    const down = async () => (await prometheus.firing()).map(({ labels }) => labels["connection"]);
    await eventually(async () => {
      assert.deepEqual(new Set<string | undefined>(await down()), new Set(planted));
    }, 40_000);
    await stays(["IPManChildDown"], 5_000);
    for (const name of planted) lab.ipman.remove(`${name}.yaml`);
    await quiet();
  });

  it("fires IPManUnreachable for a probe without an answer", async () => {
    inNetns("peer", "ip addr del 10.1.3.1/24 dev lo");
    await fires("IPManUnreachable");
    const about = (await prometheus.firing()).map(({ labels }) => labels["child"]);
    assert.deepEqual(about, ["child-3"]);
    inNetns("peer", "ip addr add 10.1.3.1/24 dev lo");
    await quiet();
  });

  it("fires IPManNothingComesBack for a worker's packets without answers", async () => {
    const pinging = new Pinging("app", "10.1.2.1");
    await pause(500);
    inNetns("peer", "ip addr del 10.1.2.1/24 dev lo");
    await fires("IPManNothingComesBack", 40_000);
    inNetns("peer", "ip addr add 10.1.2.1/24 dev lo");
    await quiet();
    await pinging.stop();
  });

  it("fires IPManDuplicateSAs if both sides initiated an SA, and neither terminates its own", async () => {
    const twin = { ...one, spec: { ...one.spec, name: "twin" } };
    const insists = { remote_addrs: [sites.node.v4], unique: "never", rekey_time: "0s" };
    await lab.mirror(twin, { child: { rekey_time: "0s" }, connection: insists });
    await lab.peerSession.request("initiate", { ike: "twin", child: "child-3", timeout: "-1" });
    await fires("IPManDuplicateSAs", 40_000);
    await lab.peerSession.request("terminate", { ike: "twin" });
    await lab.peerSession.request("unload-conn", { name: "twin" });
    await quiet();
  });

  it("fires IPManRekeyOverdue for an SA that is not rekeyed", async () => {
    const late = connectionSpec("late", {
      children: {
        "child-4": childSpec(4, {
          extra: { ...esp, rekey_time: "0s", life_time: "22s", rand_time: "0s" },
        }),
      },
    });
    await lab.mirror(late, { child: { rekey_time: "0s", life_time: "0s" } });
    lab.ipman.apply("late.yaml", yaml(late));
    await fires("IPManRekeyOverdue", 60_000);
    lab.ipman.remove("late.yaml");
    await quiet();
  });

  it("fires IPManChildDown for a peer that stops answering", async () => {
    const undo = block("udp dport 500", "udp dport 4500");
    const session = await lab.node.session();
    // Without an answer the request ends at its timeout, which charon reports as a failure.
    const ending = session.request("terminate", { ike: "one", force: "yes", timeout: "500" });
    await ending.catch(() => {});
    session.close();
    await fires("IPManChildDown", 40_000);
    assert.equal((await prometheus.firing()).length, 2, "of both children");
    undo();
    await lab.ipman.ready("one", 60_000);
    await quiet();
  });

  it("fires IPManCharonDown for a dead charon, and no alert for the consequences", async () => {
    await lab.node.stop("SIGKILL");
    await fires("IPManCharonDown");
    await pause(6_000);
    assert.deepEqual(await prometheus.firingNames(), ["IPManCharonDown"]);
    await lab.node.start();
    await lab.ipman.ready("one", 60_000);
    await quiet();
  });
});
