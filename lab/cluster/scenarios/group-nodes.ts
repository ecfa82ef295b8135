import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { countedArguments, countPings, noneLost, type Pinged } from "../../sites/pings.ts";
import { eventually, ip } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough, walkThroughChild, workload } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

const one = { nodeName: "node-b" };
const two = { nodeNames: ["node-b", "node-a"] };
const target = "10.0.3.1";

/** The machines send about two thirds of this rate. */
const pingsPerSecond = 100;

const ofCharon = "ipman.dialo.ai/type=charon,ipman.dialo.ai/group=pair";
const version = { charonExtraAnnotations: { "example.org/version": "2" } };
/** `NODE=VERSION=READY` of each charon. */
const versionsOnNodes =
  'jsonpath={range .items[*]}{.spec.nodeName}={.metadata.annotations.example\\.org/version}={.status.containerStatuses[0].ready}{"\\n"}{end}';

const group = (spec: object) => ({
  apiVersion: "ipman.dialo.ai/v1",
  kind: "CharonGroup",
  metadata: { name: "pair", namespace: "default" },
  spec: { hostNetwork: false, ...spec },
});

/** `TIME SENDER EXCHANGE` of each exchange that made or replaced an SA, by the log of a charon. */
function exchangesIn(log: string): string[] {
  const senders = new Map<string, string>();
  return log.split("\n").flatMap((line) => {
    const [, time, thread = "", message = ""] = /^(\S+) (\d+)\[\w+\] (.*)/.exec(line) ?? [];
    const sender = /received packet: from (\S+)/.exec(message)?.[1];
    if (sender !== undefined) senders.set(thread, sender);
    const exchange = /parsed (IKE_SA_INIT|IKE_AUTH|CREATE_CHILD_SA) request/.exec(message)?.[1];
    return exchange === undefined ? [] : [`${time} ${senders.get(thread)} ${exchange}`];
  });
}

/** A CharonGroup that gets a second node, which takes over when the first one is lost. */
export function groupNodeScenarios(cluster: () => LabCluster): void {
  describe("a CharonGroup with two nodes", () => {
    let pod: Workload;
    let netns: string;
    const field = (path: string) =>
      cluster().kubectl("get", "ipsecconnection", "paired", "-o", `jsonpath={.status.${path}}`);
    const ofGroup = (path: string) =>
      cluster().kubectl("get", "charongroup", "pair", "-o", `jsonpath={.status.${path}}`);
    const rolesAre = (roles: string) =>
      eventually(() => assert.equal(field("paths[*]['name','role']"), roles), 60_000);
    const bothReady = () => eventually(() => assert.equal(ofGroup("nodesReady"), "2/2"), 90_000);
    const carries = () =>
      eventually(() => assert.equal(pod.answered(target, "-c", "3", "-i", "0.1"), 3), 60_000);

    before(async () => {
      ip("link add cut1 type bridge");
      const half = { name: "four", local: "10.0.3.0/24", remote: "10.0.4.0/24" };
      const secret = "yourpresharedkey";
      const named = { name: "paired", localId: "peer.example", remoteId: "pair.example" };
      await configurePeer(cluster(), [examplePeer, { ...named, secret, children: [half] }]);
      const changes = {
        name: "paired",
        localAddr: "%any",
        localId: "pair.example",
        remoteId: "peer.example",
        children: { four: walkThroughChild(4, { name: "four", if_id: 104 }) },
        groupRef: { namespace: "default", name: "pair" },
        failover: { failback: "never" },
      };
      const { nodeName: _, ...spec } = walkThrough("", changes).spec;
      cluster().apply(group(one), { ...walkThrough(""), metadata: { name: "paired" }, spec });
      const wait = ["wait", "--for=condition=Ready", "--timeout=90s"];
      cluster().kubectl(...wait, "ipsecconnection/paired");
      const attached = { connection: "paired", child: "four", replicas: 1 };
      cluster().apply(workload({ name: "pinging", node: "node-a", ...attached }));
      [pod] = Workload.started(cluster(), "pinging") as [Workload];
      netns = await pod.networkNamespace("node-a");
      await carries();
    });
    after(() => {
      ip("link set tap-node-b master lab0");
      ip("link del cut1");
      const gone = ["--ignore-not-found", "--timeout=60s"];
      cluster().kubectl("delete", "deployment", "pinging", ...gone);
      cluster().kubectl("delete", "ipsecconnection", "paired", ...gone);
      cluster().kubectl("delete", "charongroup", "pair", "-n", "default", ...gone);
    });

    /** Pings from the pod's namespace, without the API server, while something happens. */
    async function underPings(seconds: number, act: () => unknown): Promise<Pinged> {
      const options = countedArguments(seconds * pingsPerSecond, target).join(" ");
      const output = cluster().nodes["node-a"].sh(`nsenter --net=${netns} ping ${options} || true`);
      await pause(1_500);
      await act();
      const pinged = countPings(await output);
      process.stdout.write(`      ${pinged.lost.length} of ${pinged.sent} lost\n`);
      return pinged;
    }

    /** The exchanges that the partner answered, except for those that ask whether it is there. */
    const exchanges = () =>
      exchangesIn(readFileSync(join(cluster().folder, "peer", "charon.log"), "utf8"));

    /** The pods of charon and of gateways on the first node. */
    const podsOfFirst = () =>
      cluster()
        .kubectl(
          "get",
          "pods",
          "-n",
          "ipman-system",
          "-o",
          "name",
          "-l",
          "ipman.dialo.ai/group=pair",
          "--field-selector",
          "spec.nodeName=node-b",
        )
        .split("\n")
        .filter((name) => !name.includes("/agent-"))
        .toSorted();

    it("gets the second one without a loss, an exchange or another pod on the first", async () => {
      const before_ = { pods: podsOfFirst(), exchanges: exchanges() };
      const pinged = await underPings(30, () => cluster().apply(group(two)));
      assert.deepEqual(pinged, noneLost(pinged.sent));
      await rolesAre("main node-a active standby");
      await bothReady();
      assert.deepEqual({ pods: podsOfFirst(), exchanges: exchanges() }, before_);
      assert.equal(field("paths[*].node"), "node-b node-a");
      assert.equal(ofGroup("mainNode"), "node-b");
      await carries();
    });

    it("is shown by kubectl, and its order changes the preference alone", async () => {
      const before_ = { pods: podsOfFirst(), exchanges: exchanges() };
      cluster().apply(group({ nodeNames: ["node-a", "node-b"] }));
      // The API server keeps the order in which the agents wrote their paths first.
      const preferred = /path node-a \(cold\) on node-a[^]*path main \(active\) on node-b/;
      await eventually(() => assert.match(cluster().plugin("status").output, preferred), 30_000);
      const shown = cluster().kubectl("get", "charongroup", "-n", "default");
      assert.match(shown, /pair +True +2\/2/);
      const described = cluster().plugin("describe", "paired");
      assert.equal(described.status, 0, described.output);
      cluster().apply(group(two));
      await rolesAre("main node-a active standby");
      assert.deepEqual({ pods: podsOfFirst(), exchanges: exchanges() }, before_);
      await carries();
    });

    it("moves to the second node and back", async () => {
      for (const [path, roles] of [
        ["node-a", "standby active"],
        ["main", "active standby"],
      ] as const) {
        const pinged = await underPings(8, () => {
          const { output, status } = cluster().plugin("move", "paired", path);
          assert.equal(status, 0, output);
        });
        assert.ok(pinged.lost.length <= 100, `${pinged.lost.length}: ${pinged.lost[0]}`);
        await rolesAre(`main node-a ${roles}`);
        await carries();
      }
    });

    it("replaces charon of one node at a time, that of the standby first", async () => {
      const charons = ["get", "pods", "-n", "ipman-system", "-l", ofCharon, "-o", versionsOnNodes];
      const seen = new Set<string>();
      const pinged = await underPings(60, async () => {
        cluster().apply(group({ ...two, ...version }));
        await eventually(() => {
          const now = cluster()
            .kubectl(...charons)
            .trim()
            .split("\n")
            .toSorted()
            .join(" ");
          if (!seen.has(now)) process.stdout.write(`      ${now}\n`);
          seen.add(now);
          assert.equal(now, "node-a=2=true node-b=2=true");
        }, 60_000);
      });
      assert.ok(pinged.lost.length <= 150, `${pinged.lost.length}: ${pinged.lost[0]}`);
      assert.ok(seen.has("node-a=2=true node-b==true"), [...seen].join("; "));
      await rolesAre("main node-a standby active");
      await bothReady();
      assert.equal(cluster().plugin("move", "paired", "main").status, 0);
      await rolesAre("main node-a active standby");
      await carries();
    });

    it("is carried by the second node about a second after the first one is lost", async () => {
      const pinged = await underPings(15, () => ip("link set tap-node-b master cut1"));
      await eventually(() => assert.equal(field("activePath"), "node-a"), 60_000);
      assert.ok(pinged.lost.length <= 200, `${pinged.lost.length} of ${pinged.sent} lost`);
      const back = await underPings(20, () => ip("link set tap-node-b master lab0"));
      assert.ok(back.lost.length <= 20, `${back.lost.length} of ${back.sent} lost`);
      await cluster().ready();
      await rolesAre("main node-a standby active");
      await bothReady();
    });

    it("returns to the first node alone", async () => {
      assert.equal(cluster().plugin("move", "paired", "main").status, 0);
      await rolesAre("main node-a active standby");
      await carries();
      await pause(3_000);
      const before_ = { pods: podsOfFirst(), exchanges: exchanges() };
      const pinged = await underPings(30, () => cluster().apply(group({ ...one, ...version })));
      assert.deepEqual(pinged, noneLost(pinged.sent));
      assert.deepEqual({ pods: podsOfFirst(), exchanges: exchanges() }, before_);
      assert.equal(field("paths"), "");
      await carries();
    });
  });
}
