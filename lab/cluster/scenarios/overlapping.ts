import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { renamed, walkThrough, walkThroughChild, workload } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

const site = (script: string) => join(import.meta.dirname, "../../sites", script);
const identities = { localId: "node.overlapping", remoteId: "peer.overlapping" };

/** The network that both sides use, and those by which each of them knows the other's. */
const network = "10.0.0.0/24";
const ours = "192.168.77.0/24";
const theirs = "172.31.3.0/24";

/** Hosts with the same address on both sides, by the names that the other side has for them. */
const shared = "10.0.0.3";
const partner = { name: "server.partner.example", address: "172.31.3.3" };
const worker = { name: "worker.ours.example", address: "192.168.77.3" };
const port = 8080;

/** Two sites with the same network. */
export function overlappingScenarios(cluster: () => LabCluster): void {
  describe("a partner with the same network", () => {
    let pod: Workload;
    let netns: string;
    const onNode = (script: string) => cluster().nodes["node-b"].sh(script);
    const inPod = (script: string) => onNode(`nsenter --net=${netns} ${script}`);
    const onPeer = (script: string) => cluster().peer.sh(script);
    const answers = async (output: Promise<string>) =>
      JSON.parse(await output) as Record<string, number>;
    const askArguments = (host: string, count: number, by: string) =>
      `node ${site("ask.ts")} ${host} ${port} ${count} ${by}`;

    before(async () => {
      await onPeer(
        `ip addr add ${shared}/32 dev lo; ip route add ${ours} dev vec0 src ${shared}; cp /etc/hosts /run/hosts; cat /run/hosts >/run/names; echo ${worker.address} ${worker.name} >>/run/names; mount --bind /run/names /etc/hosts`,
      );
      await onPeer(
        `nohup node ${site("greeter.ts")} partner ${port} >/dev/null 2>&1 & echo $! >/run/same.pid`,
      );
      await configurePeer(cluster(), [
        examplePeer,
        {
          name: "overlapping",
          localId: identities.remoteId,
          remoteId: identities.localId,
          secret: "yourpresharedkey",
          children: [{ name: "example-child", local: network, remote: ours }],
        },
      ]);
      const child = walkThroughChild(20, {
        local_ips: [ours],
        remote_ips: [network],
        xfrm_ip: "10.0.0.1/24",
        vxlan_ip: "10.0.0.2/24",
        ip_pools: { primary: [`${shared}/24`] },
        nat: {
          source: { networks: [{ local: network, seen: ours }] },
          remote: [{ actual: network, seen: theirs }],
        },
      });
      const spec = { name: "overlapping", ...identities, children: { "example-child": child } };
      cluster().apply(renamed("overlapping", walkThrough("node-a", spec)));
      const wait = ["wait", "--for=condition=Ready", "--timeout=60s"];
      cluster().kubectl(...wait, "ipsecconnection/overlapping");
      const deployment = workload({
        name: "same",
        node: "node-b",
        connection: "overlapping",
        replicas: 1,
      });
      const { template } = deployment.spec;
      const hostAliases = [{ ip: partner.address, hostnames: [partner.name] }];
      Object.assign(template.spec, { hostAliases });
      cluster().apply(deployment);
      [pod] = Workload.started(cluster(), "same") as [Workload];
      netns = await pod.networkNamespace("node-b");
      await onNode(
        `nohup nsenter --net=${netns} node ${site("greeter.ts")} worker ${port} >/dev/null 2>&1 & echo $! >/run/same.pid`,
      );
    });
    after(async () => {
      await onNode("kill $(cat /run/same.pid) || true");
      await onPeer(
        `kill $(cat /run/same.pid); umount /etc/hosts; ip route del ${ours}; ip addr del ${shared}/32 dev lo`,
      );
      const gone = ["--ignore-not-found", "--timeout=60s"];
      cluster().kubectl("delete", "deployment", "same", ...gone);
      cluster().kubectl("delete", "ipsecconnection", "overlapping", ...gone);
      await configurePeer(cluster(), [examplePeer]);
    });

    it("is called by its name, and calls a worker with the same address", async () => {
      assert.equal(pod.address, shared);
      await eventually(() => assert.equal(pod.answered(partner.name, "-c", "2"), 2), 30_000);
      const call = `(echo ?; sleep 1) | curl -sN -m 2 telnet://${partner.name}:${port} || true`;
      assert.equal(pod.sh(call).trim(), `partner ${worker.address}`);
      assert.match(await onPeer(`ping -c 2 -i 0.2 ${worker.name}`), /2 received/);
      assert.deepEqual(await answers(onPeer(askArguments(worker.name, 3, "tcp"))), {
        [`worker ${partner.address}`]: 3,
      });
    });

    it("is reached by UDP both ways", async () => {
      assert.deepEqual(await answers(inPod(askArguments(partner.address, 3, "udp"))), {
        [`partner ${worker.address}`]: 3,
      });
      assert.deepEqual(await answers(onPeer(askArguments(worker.name, 3, "udp"))), {
        [`worker ${partner.address}`]: 3,
      });
    });

    it("is seen in a trace, and the worker by the partner", async () => {
      const hops = (output: string) =>
        output.split("\n").flatMap((line) => /^ *\d+ +(\S+)/.exec(line)?.[1] ?? []);
      const options = "-n -q 1 -w 1 -m 3";
      const to = await inPod(`busybox traceroute ${options} ${partner.address}`);
      assert.deepEqual(hops(to).slice(1), [partner.address]);
      const back = await onPeer(`busybox traceroute ${options} -s ${shared} ${worker.address}`);
      assert.deepEqual(hops(back), ["192.168.77.1", worker.address]);
    });

    it("has packets that are too large reported to the worker", async () => {
      const link = await inPod("ip -d -o link show type vxlan");
      const [, device, size] = /^\d+: (\w+)[^]*? mtu (\d+)/.exec(link) ?? [];
      const ping = async (bytes: number) =>
        /(\d+) received/.exec(
          await inPod(`ping -c 2 -i 0.2 -W 1 -M do -s ${bytes} ${partner.address} || true`),
        )?.[1];
      const mtu = Number(size);
      assert.equal(await ping(mtu - 28), "2");
      await inPod(`ip link set ${device} mtu ${mtu + 8}`);
      try {
        assert.equal(await ping(mtu - 20), "0");
        assert.match(await inPod(`ip route get ${partner.address}`), new RegExp(`mtu ${mtu}\\b`));
      } finally {
        await inPod(`ip link set ${device} mtu ${mtu}`);
      }
    });

    it("has both views described", () => {
      const { output } = cluster().plugin("describe", "overlapping");
      assert.match(output, /nat +the partner sees 10\.0\.0\.0\/24 as 192\.168\.77\.0\/24/);
      assert.match(output, /nat +workers see 10\.0\.0\.0\/24 as 172\.31\.3\.0\/24/);
    });
  });
}
