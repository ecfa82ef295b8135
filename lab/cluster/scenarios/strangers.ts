import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import { formatAddress, parseAddress, type Address } from "../../../src/model/net/address.ts";
import { announcementFrame } from "../../../src/model/network/announcement.ts";
import { readOrders, type AttachOrder } from "../../../src/model/attach/attach-order.ts";
import { attackProgram, attacksOn, type Flood } from "../../sites/attack.ts";
import { icmpEcho, udpPacket, vxlanDatagram, type Frame } from "../../sites/frames.ts";
import type { LabCluster } from "../cluster.ts";
import { longestTurn } from "../event-loop.ts";
import { scrapedSum } from "../scraped.ts";
import { Workload } from "../workload.ts";

/** The number of hostile frames, each with another MAC address. */
const flood = 400_000;

/** A worker of the walk-through, with the secrets that it shares with its gateway. */
interface Victim {
  readonly pod: Workload;
  readonly underlay: string;
  readonly order: AttachOrder;
}

/** Attacks by a pod that is not attached, and by one worker on another. */
export function strangerScenarios(cluster: () => LabCluster): void {
  describe("a pod on the pod network that knows every MAC address", () => {
    let victims: Victim[] = [];
    const stranger = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "stranger", namespace: "default" },
      spec: {
        nodeName: "node-b",
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "main",
            image: "ipman:dev",
            imagePullPolicy: "IfNotPresent",
            command: ["/usr/bin/node", "-e", "setInterval(() => {}, 1e6)"],
            securityContext: {
              runAsUser: 65_534,
              runAsGroup: 65_534,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"] },
            },
          },
        ],
      },
    };

    before(async () => {
      cluster().apply(stranger);
      cluster().kubectl("wait", "--for=condition=Ready", "--timeout=60s", "pod/stranger");
      victims = await Promise.all(
        Workload.of(cluster(), "work").map(async (pod) => victimOf(cluster(), pod)),
      );
    });
    after(() => {
      cluster().kubectl("delete", "pod", "stranger", "--wait=false");
    });

    const attack = (to: string, ...datagrams: (Buffer | Flood)[]) => {
      const program = readFileSync(attackProgram, "utf8").replace(/^#!.*/, "");
      cluster().kubectl(
        "exec",
        "stranger",
        "--",
        "/usr/bin/node",
        "--input-type=module-typescript",
        "-e",
        program,
        "--",
        JSON.stringify(attacksOn(to, datagrams)),
      );
    };

    /** The packets of the tunnel in both directions, which must not increase. */
    const seen = async () => ({
      in: await scrapedSum(cluster(), "strongswan_sa_packets_inbound"),
      out: await scrapedSum(cluster(), "strongswan_sa_packets_outbound"),
    });
    const passes = () =>
      scrapedSum(cluster(), 'ipman_adapter_call_seconds_count{call="network.apply"');
    const gatewayMemory = async () => {
      const text = await cluster().nodes["node-a"].sh("grep SUnreclaim /proc/meminfo");
      return Number(/\d+/.exec(text)?.[0]) * 1_024;
    };

    it("finds both workers and their secrets", () => {
      assert.equal(victims.length, 2);
      for (const { order } of victims) assert.equal(order.worker.seeds.length, 8);
    });

    it("redirects no worker, and reaches neither a worker nor the partner", async () => {
      const [one] = victims as [Victim, Victim];
      const before = await seen();
      attack(one.underlay, ...againstWorker(one.order));
      attack(gatewayOf(one.order), ...againstGateway(one.order));
      assert.deepEqual(await seen(), before);
      for (const { pod } of victims) assert.equal(pod.answered("10.0.1.1", "-c", "2"), 2);
    });

    it(`does not grow the gateway's memory or wake its agent with ${flood} frames`, async (test) => {
      const [one] = victims as [Victim, Victim];
      const each = frameOf(one.order, { destination: one.order.worker.gatewayMac });
      // The first flood fills the kernel's packet caches, which stay allocated.
      attack(gatewayOf(one.order), { each, count: flood });
      const before = await seen();
      const memory = await gatewayMemory();
      const passesBefore = await passes();
      const longest = await longestTurn(cluster(), "node-a", () => {
        attack(gatewayOf(one.order), { each, count: flood });
      });
      test.diagnostic(`the agent's event loop was blocked for at most ${longest.toFixed(1)} ms`);
      // The processor time of a machine contains that which the host gave to others.
      assert.ok(longest < 400, `blocked for ${longest} ms`);
      assert.deepEqual(await seen(), before);
      const grown = (await gatewayMemory()) - memory;
      assert.ok(grown < 1024 * 1024, `the kernel uses ${grown} bytes more`);
      // Other events cause a few passes; frames cause none.
      const made = (await passes()) - passesBefore;
      assert.ok(made < 10, `${made} passes`);
      for (const { pod } of victims) assert.equal(pod.answered("10.0.1.1", "-c", "2"), 2);
    });

    it("has no effect on another worker even if the pod is a worker itself", async () => {
      const [one, two] = victims as [Victim, Victim];
      const before = await seen();
      const netns = await two.pod.networkNamespace("node-b");
      const attacks = [
        ...attacksOn(one.underlay, againstWorker(one.order)),
        ...attacksOn(gatewayOf(one.order), againstGateway(one.order)),
      ];
      await cluster().nodes["node-b"].sh(
        `nsenter --net=${netns} ${process.execPath} ${attackProgram} '${JSON.stringify(attacks)}'`,
      );
      assert.deepEqual(await seen(), before);
      for (const { pod } of victims) assert.equal(pod.answered("10.0.1.1", "-c", "2"), 2);
    });
  });
}

async function victimOf({ client }: LabCluster, pod: Workload): Promise<Victim> {
  const { name, namespace } = pod;
  const { spec, status } = (await client.get(resourceTypes.Pod, {
    name,
    namespace,
  })) as unknown as {
    readonly spec: { readonly initContainers: { readonly env: { readonly value: string }[] }[] };
    readonly status: { readonly podIP: string };
  };
  const [order] = readOrders(spec.initContainers[0]?.env[0]?.value ?? "") as [AttachOrder];
  return { pod, underlay: status.podIP, order };
}

const partner = parseAddress("10.0.1.1") as Address;

/** Redirection and injection, in the forms that a VXLAN device would accept. */
function againstWorker(order: AttachOrder): Buffer[] {
  const { address, ...secrets } = order.worker;
  const { gatewayUnderlay: source, child } = order;
  return [
    frameOf(order, { destination: "ff:ff:ff:ff:ff:ff", type: 0x88b5 }),
    frameOf(order, { type: 0x88b5 }),
    // A copy of the gateway's own announcement from another sender.
    vxlanDatagram({ vni: child.ifId, frame: announcementFrame({ ...secrets, source }) }),
    frameOf(order, { payload: icmpEcho(partner, address.address) }),
    frameOf(order, { type: 0x86dd }),
  ];
}

/** A worker's source address, and one that is free. */
function againstGateway(order: AttachOrder): Buffer[] {
  const { address, mac, gatewayMac } = order.worker;
  const to = { destination: gatewayMac, source: mac };
  const free = { ...address.address, value: address.address.value + 100n };
  return [
    frameOf(order, { ...to, payload: udpPacket(address.address, partner) }),
    frameOf(order, { ...to, payload: udpPacket(free, partner) }),
    frameOf(order, { ...to, type: 0x86dd }),
  ];
}

function frameOf({ child, worker }: AttachOrder, changes: Partial<Frame>): Buffer {
  return vxlanDatagram({
    vni: child.ifId,
    destination: worker.mac,
    source: worker.gatewayMac,
    type: 0x0800,
    payload: Buffer.alloc(46),
    ...changes,
  });
}

function gatewayOf({ gatewayUnderlay }: AttachOrder): string {
  return formatAddress(gatewayUnderlay);
}
