import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { LabCluster, addresses } from "./cluster.ts";
import { walkThroughScenarios } from "./scenarios/walk-through.ts";
import { walkThrough } from "./manifests.ts";
import { configurePeer, examplePeer } from "./peer.ts";
import { Workload } from "./workload.ts";
import { countedArguments, countPings } from "../sites/pings.ts";
import { eventually } from "../sites/shell.ts";

describe("a cluster", () => {
  const resources = new AsyncDisposableStack();
  let lab: LabCluster;
  const cluster = () => lab;
  before(
    async () => {
      lab = resources.use(await LabCluster.start((line) => process.stdout.write(`${line}\n`)));
    },
    { timeout: 600_000 },
  );
  after(() => resources.disposeAsync());
  walkThroughScenarios(cluster);
  it("moves", { timeout: 400_000 }, async () => {
    const other = { ...examplePeer, name: "reserve", remoteId: addresses.nodeB };
    await configurePeer(lab, [examplePeer, other]);
    const paths = [{ name: "main" }, { name: "reserve", nodeName: "node-b", localAddr: addresses.nodeB, localId: addresses.nodeB }];
    lab.apply(walkThrough("node-a", { paths, failover: { failback: "never" } }));
    const field = (path: string) => lab.kubectl("get", "ipsecconnection", "example-connection", "-o", `jsonpath={.status.${path}}`);
    await eventually(() => assert.equal(field("paths[*].state"), "established established"), 60_000);
    const [pod] = Workload.of(lab, "work") as [Workload];
    const netns = await pod.networkNamespace("node-b");
    const all = 'grep -v " 0$" /proc/net/xfrm_stat; for p in $(ls /proc | grep "^[0-9]"); do if grep -qs gateway /proc/$p/cgroup || true; then :; fi; done';
    void all;
    const stats = async () => {
      const out: Record<string, string> = {};
      for (const vm of [lab.nodes["node-a"], lab.nodes["node-b"], lab.peer])
        out[vm.name] = await vm.sh(`grep -v "[[:space:]]0$" /proc/net/xfrm_stat || true; for n in $(lsns -t net -n -o PID 2>/dev/null); do nsenter -t $n -n nft list counters 2>/dev/null | tr -d "\\n" ; nsenter -t $n -n ip -s link 2>/dev/null | grep -A6 -E "hold|xfrm|vxlan" | tr "\\n" ";"; echo; done`);
      return out;
    };
    let before = await stats();
    for (let i = 0; i < 4; i++) {
      await pause(3_000);
      const options = countedArguments(500, "10.0.1.1").join(" ");
      const output = lab.nodes["node-b"].sh(`nsenter --net=${netns} ping ${options} || true`);
      const dump = lab.peer.sh("timeout 8 tcpdump -n -tt -i any 'esp or udp port 500 or udp port 4500 or icmp' 2>/dev/null | tail -n 4000 || true");
      await pause(1_500);
      lab.plugin("move", "example-connection", i % 2 === 0 ? "reserve" : "main");
      const text = await output;
      const pinged = countPings(text);
      const now = await stats();
      process.stdout.write(`MOVE ${i}: ${pinged.lost.length} of ${pinged.sent}: ${pinged.lost.join("; ")}\n`);
      for (const name of Object.keys(now)) process.stdout.write(`  ${name} before\n${before[name]}\n  ${name} after\n${now[name]}\n`);
      before = now;
      const lines = text.split("\n");
      for (const lost of pinged.lost) {
        const seq = Number(lost.split(",")[0]);
        process.stdout.write(lines.filter((l) => new RegExp(`icmp_seq=(${seq - 1}|${seq + 1}|${seq - 2}|${seq + 2}) `).test(l)).join("\n") + "\n");
      }
      const d = await dump;
      process.stdout.write(`DUMP ${i}\n${d}\nEND\n`);
    }
  });
});
