import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GatewayOrder } from "../../machines/gateway/gateway-types.ts";
import type { Child } from "../../model/api/connection.ts";
import { formatPrefix, overlap } from "../../model/net/prefix.ts";
import { SegmentKey } from "../../model/network/segment-key.ts";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { SimulatedKernel } from "../../../test/simulator/kernel/kernel.ts";
import { address, prefix, workerOf } from "../../../test/simulator/kernel/plans.ts";
import { flowBody } from "../../../test/simulator/kernel/tracking-answers.ts";
import { KernelNetwork } from "./kernel-network.ts";

const connection = connectionOf();
const child = connection.children[0] as Child;
const gateway = {
  id: "gw",
  connection: connection.id,
  child: child.key,
  underlay: address("198.18.0.1"),
  netns: "pod",
  device: "ipman0",
  mtu: 9_000,
};
const order: GatewayOrder = {
  connection,
  applied: false,
  child,
  gateway,
  workers: [workerOf("10.0.2.3/24", "198.18.0.2")],
  tunnel: undefined,
  tunnels: [child.ifId],
  contests: 0,
};

const remotePort = {
  service: "shop/database",
  transport: "tcp",
  gatewayPort: 20_001,
  source: address("10.0.2.70"),
  backends: [{ address: address("10.0.1.7"), port: 5_432 }],
} as const;

/** A network on a simulated kernel whose path to the peer has an MTU. */
function networkOf({ mtu = 1_500, isCharonRunning = true } = {}) {
  const kernel = new SimulatedKernel();
  const charon = kernel.create("charon");
  const eth0 = charon.add({ name: "eth0", up: true, mtu });
  const route = { gateway: undefined, source: undefined, origin: 2 };
  charon.routes = [{ ...route, linkIndex: eth0.index, destination: prefix("0.0.0.0/0") }];
  const pod = kernel.create("pod");
  pod.add({ name: "ipman0", kind: "veth", up: true, mtu: 9_000 });
  const network = new KernelNetwork({
    kernel,
    poller: { watch: () => () => {} },
    charon: () => {
      if (!isCharonRunning) throw new Error("connect: ENOENT");
      return { namespace: "charon" };
    },
    vxlanPort: 7_789,
    segmentKey: new SegmentKey(Buffer.alloc(32, 7)),
  });
  return { network, kernel, pod };
}

describe("the network of the kernel", () => {
  it("repairs a gateway's namespace, and reports whether a repair was necessary", () => {
    const { network, pod } = networkOf();
    assert.deepEqual(network.apply(order), { repaired: true });
    assert.deepEqual(network.apply(order), { repaired: false });
    assert.deepEqual(network.driftOf(order), []);
    pod.neighbours = [];
    assert.deepEqual(network.driftOf(order), ["set neighbour 10.0.2.3"]);
    assert.deepEqual(network.apply(order), { repaired: true });
  });

  it("lets a gateway beside those of other groups send by an address of its own", () => {
    const macOf = (changes: Partial<GatewayOrder>) => {
      const { network, pod } = networkOf();
      network.apply({ ...order, ...changes });
      return pod.find("vxlan102")?.mac;
    };
    const path = (nodeName: string) => ({ ...connection, name: nodeName, nodeName });
    const paths = ["node-a", "node-b"].map(path) as unknown as GatewayOrder["connection"]["paths"];
    const several = { connection: { ...connection, paths } };
    const workers = order.workers.map((worker) => ({ ...worker, severalGateways: true as const }));
    assert.equal(macOf({}), macOf({ workers }));
    assert.equal(macOf({}), macOf(several));
    assert.notEqual(macOf({}), macOf({ ...several, workers }));
  });

  it("leaves a gateway's own routes in effect beside a default route into the tunnel", () => {
    const { network, pod } = networkOf();
    const linkIndex = pod.find("ipman0")?.index ?? 0;
    const own = { linkIndex, gateway: address("198.18.0.9"), source: undefined, origin: 3 };
    const ownRoutes = ["0.0.0.0/0", "198.18.0.0/16"].map((text) => ({
      ...own,
      destination: prefix(text),
    }));
    pod.routes = ownRoutes;
    const all = { ...order, child: { ...child, routes: [prefix("0.0.0.0/0")] } };
    network.apply(all);
    assert.deepEqual(pod.routes.slice(0, 2), ownRoutes);
    const xfrm = pod.find("xfrm102")?.index;
    const intoTunnel = pod.routes.filter((route) => route.linkIndex === xfrm);
    assert.ok(intoTunnel.length > 2);
    for (const { destination } of intoTunnel)
      assert.ok(!overlap(destination, prefix("198.18.0.0/16")), formatPrefix(destination));
    assert.deepEqual(network.apply(all), { repaired: false });
  });

  it("computes the tunnel's MTU from the path to the peer, and remembers the applied one", () => {
    const { network, pod } = networkOf({ mtu: 1_450 });
    assert.equal(network.appliedMtu(connection.id, child.key), undefined);
    network.apply(order);
    const applied = network.appliedMtu(connection.id, child.key);
    assert.equal(pod.find("xfrm102")?.mtu, applied);
    const other = networkOf({ mtu: 1_500 }).network;
    assert.ok((applied ?? 0) < other.tunnelMtu(connection, child, undefined));
  });

  it("counts the connections of gateways with Services, and of no others", () => {
    const { network, pod } = networkOf();
    pod.flows = [flowBody(1, { to: "10.0.2.60", port: 53, backend: "198.18.0.2" })];
    network.apply(order);
    assert.deepEqual(network.trackedConnections(), []);
    const web = {
      service: "shop/web",
      address: address("10.0.2.60"),
      transport: "tcp",
      port: 443,
      affinity: false,
      backends: [],
    } as const;
    network.apply({ ...order, services: { exposed: [web], remote: [] } });
    assert.deepEqual(network.trackedConnections(), [
      { connection: connection.id, child: child.key, connections: 1, limit: 262_144 },
    ]);
    network.apply(order);
    assert.deepEqual(network.trackedConnections(), []);
  });

  it("leaves out a gateway whose namespace is gone", () => {
    const { network, kernel } = networkOf();
    const web = { exposed: [], remote: [remotePort] };
    network.apply({ ...order, services: web });
    assert.equal(network.trackedConnections().length, 1);
    assert.equal([...network.countedTraffic()].length, 1);
    kernel.remove("pod");
    assert.deepEqual(network.trackedConnections(), []);
    assert.deepEqual([...network.countedTraffic()], []);
  });

  it("reads what gateways with Services counted, by one request for each", () => {
    const { network, pod, kernel } = networkOf();
    network.apply(order);
    assert.deepEqual([...network.countedTraffic()], []);
    network.apply({ ...order, services: { exposed: [], remote: [remotePort] } });
    const none = { packets: 0n, bytes: 0n };
    const counted = {
      connection: connection.id,
      child: child.key,
      kind: "service",
      name: "shop/database",
    };
    let requests = 0;
    kernel.netlink.tamper = (datagrams) => {
      requests++;
      return datagrams;
    };
    const traffic = [...network.countedTraffic()];
    assert.deepEqual(traffic, [[{ ...counted, inbound: none, outbound: none }]]);
    assert.equal(requests, 1);
    pod.countersError = "EPERM";
    assert.deepEqual([...network.countedTraffic()], [[]]);
    pod.countersError = undefined;
    network.apply(order);
    assert.deepEqual([...network.countedTraffic()], []);
  });

  it("refuses a pass while charon is not running, as a failure that can be retried", () => {
    const { network, kernel } = networkOf({ isCharonRunning: false });
    assert.throws(() => network.apply(order), {
      name: "Refusal",
      failure: {
        reason: "CharonUnavailable",
        message:
          "charon is not running, and the xfrm interface is created in its network namespace",
        retryable: true,
      },
    });
    assert.equal(kernel.requests(), "");
  });

  it("does not announce a gateway whose device does not exist", () => {
    const { network, kernel } = networkOf();
    assert.doesNotThrow(() => network.announce(order));
    assert.equal(kernel.requests(), "");
  });
});
