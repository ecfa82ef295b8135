import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Protocol } from "../../src/adapters/linux/constants.ts";
import { createNamespace, deleteNamespace, netnsPath } from "../../src/adapters/linux/namespace.ts";
import { addAddress, deleteAddress } from "../../src/adapters/netlink/addresses.ts";
import { addXfrmLink, changeLink, deleteLink } from "../../src/adapters/netlink/link-requests.ts";
import {
  deleteFdb,
  deleteNeighbour,
  replaceFdb,
  replaceNeighbour,
} from "../../src/adapters/netlink/neighbours.ts";
import { deleteRoute, replaceRoute } from "../../src/adapters/netlink/routes.ts";
import { NetlinkSocket, type Request } from "../../src/adapters/netlink/socket.ts";
import { applyPlan, driftOf } from "../../src/adapters/network/apply-plan.ts";
import { linux, type Kernel } from "../../src/adapters/network/kernel.ts";
import { FilterMemory } from "../../src/adapters/nftables/apply-rules.ts";
import { countersOf } from "../../src/adapters/nftables/read-counters.ts";
import { readTable } from "../../src/adapters/nftables/read-table.ts";
import { gatewayPlan } from "../../src/model/network/gateway-plan.ts";
import type { NetworkPlan } from "../../src/model/network/network-plan.ts";
import { workerPlan } from "../../src/model/network/worker-plan.ts";
import type { SimulatedKernel } from "../../test/simulator/kernel/kernel.ts";
import {
  address,
  gatewayFacts,
  plannedGateway,
  plannedWorker,
  prefix,
  sharingFacts,
  workerFacts,
} from "../../test/simulator/kernel/plans.ts";
import {
  bothKernels,
  mac,
  other,
  outcome,
  pod,
  removeNamespaces,
  sideOf,
  stateOf,
  type Side,
} from "../sites/both-kernels.ts";

const hasXfrm = canHaveXfrm();

/** Whether this machine's kernel has xfrm interfaces. */
function canHaveXfrm(): boolean {
  createNamespace("sim-xfrm");
  try {
    using socket = NetlinkSocket.open(netnsPath("sim-xfrm"));
    socket.execute(addXfrmLink("xfrm1", 1, 1_400, 0));
    return true;
  } catch {
    return false;
  } finally {
    deleteNamespace("sim-xfrm");
  }
}

/** A plan without its xfrm interface if this machine's kernel has none. */
function possible(plan: NetworkPlan): NetworkPlan {
  if (hasXfrm) return plan;
  const isPossible = ({ link }: { readonly link: string }) => !link.startsWith("xfrm");
  return {
    ...plan,
    links: plan.links.filter(({ kind }) => kind !== "xfrm"),
    addresses: plan.addresses.filter(isPossible),
    routes: plan.routes.filter(isPossible),
  };
}

const gateway = possible(plannedGateway);
const sharing = possible(gatewayPlan(sharingFacts));
const [firstWorker] = gatewayFacts.workers;
const smaller = possible(
  gatewayPlan({ ...gatewayFacts, workers: firstWorker === undefined ? [] : [firstWorker] }),
);
const device = "vxlan102";
const vxlan = (side: Side) => ({ name: device, index: side.index(device) });
const entry = (side: Side, text: string, last: number) => ({
  linkIndex: side.index(device),
  address: address(text),
  mac: mac(last),
  moves: false,
});

const tunnel = (side: Side) => ({ name: "xfrm102", index: side.index("xfrm102") });
const xfrmDamages: readonly (readonly [name: string, damage: (side: Side) => Request])[] = hasXfrm
  ? [
      ["a deleted xfrm interface", (side) => deleteLink(tunnel(side))],
      ["an xfrm interface that is down", (side) => changeLink(tunnel(side), { up: false })],
      ["an xfrm interface with another MTU", (side) => changeLink(tunnel(side), { mtu: 1_300 })],
      ["another xfrm interface", () => addXfrmLink("xfrm9", 9, 1_400, 0)],
    ]
  : [];

/** Requests, or commands of nft's language, with which another program changes the namespace. */
const damages: readonly (readonly [name: string, damage: ((side: Side) => Request) | string])[] = [
  ...xfrmDamages,
  ["a deleted device", (side) => deleteLink(vxlan(side))],
  ["a device that is down", (side) => changeLink(vxlan(side), { up: false })],
  ["a device that resolves neighbours", (side) => changeLink(vxlan(side), { arp: true })],
  ["another MTU", (side) => changeLink(vxlan(side), { mtu: 1_300 })],
  ["another MAC address", (side) => changeLink(vxlan(side), { mac: mac(9) })],
  ["a missing address", (side) => deleteAddress(side.index(device), prefix("10.0.2.2/24"))],
  ["a superfluous address", (side) => addAddress(side.index(device), prefix("10.9.9.9/24"))],
  [
    "a missing route",
    (side) => deleteRoute({ linkIndex: side.index(device), destination: prefix("10.0.2.3/32") }),
  ],
  [
    "a route with another gateway",
    (side) =>
      replaceRoute({
        linkIndex: side.index(device),
        destination: prefix("10.0.2.3/32"),
        gateway: address("10.0.2.9"),
      }),
  ],
  [
    "a superfluous route",
    (side) => replaceRoute({ linkIndex: side.index(device), destination: prefix("10.7.0.0/16") }),
  ],
  ["a missing neighbour", (side) => deleteNeighbour(entry(side, "10.0.2.3", 3))],
  ["a neighbour with another MAC address", (side) => replaceNeighbour(entry(side, "10.0.2.3", 9))],
  ["a superfluous neighbour", (side) => replaceNeighbour(entry(side, "10.0.2.77", 9))],
  [
    "a missing FDB entry",
    (side) => deleteFdb({ ...entry(side, "10.244.0.3", 3), mac: gateway.fdb[0]?.mac ?? "" }),
  ],
  [
    "an FDB entry with another VTEP",
    (side) => replaceFdb({ ...entry(side, "10.244.9.9", 3), mac: gateway.fdb[0]?.mac ?? "" }),
  ],
  ["a superfluous FDB entry", (side) => replaceFdb(entry(side, "10.244.0.9", 9))],
  ["a deleted table", "delete table inet ipman"],
  ["a flushed chain", "flush chain inet ipman forward"],
  ["a missing element", "delete element inet ipman addresses { 10.0.2.3 }"],
  ["a superfluous element", "add element inet ipman addresses { 10.0.2.99 }"],
];

describe("the simulated kernel applies a plan like a real one", () => {
  let simulated: SimulatedKernel;
  let memories: FilterMemory[];
  beforeEach(() => {
    simulated = bothKernels();
    memories = [new FilterMemory(), new FilterMemory()];
  });
  afterEach(removeNamespaces);

  /** Runs a function on both kernels, and compares the results and the states. */
  const compare = (act: (kernel: Kernel, memory: FilterMemory, side: Side) => unknown) => {
    const [actual, expected] = [simulated, linux].map((kernel, i) => {
      const side = sideOf(kernel.netlink);
      using _ = side.socket;
      const result = act(kernel, memories[i] as FilterMemory, side);
      return { result, state: stateOf(side), filter: filterOf(kernel) };
    });
    assert.deepEqual(actual, expected);
    return expected?.result;
  };
  const pass = (plan: NetworkPlan) =>
    compare((kernel, memory) => {
      const place = { namespace: pod, charonNamespace: other };
      return applyPlan(place, plan, memory, kernel).changes;
    });
  const drift = (plan: NetworkPlan) =>
    compare((kernel, memory) => driftOf(pod, plan, memory, kernel));

  for (const [role, plan] of [
    ["gateway", gateway],
    ["gateway beside others", sharing],
    ["worker", plannedWorker],
    ["worker of several gateways", workerPlan({ ...workerFacts, severalGateways: true })],
  ] as const) {
    it(`for a ${role}, in a pass after which a second one changes nothing`, () => {
      assert.notEqual(pass(plan), 0);
      assert.deepEqual(drift(plan), []);
      assert.equal(pass(plan), 0);
    });
  }

  it("if workers are added and removed", () => {
    for (const plan of [gateway, smaller, gateway]) {
      assert.notEqual(pass(plan), 0);
      assert.equal(pass(plan), 0);
    }
  });

  it("if the ports and endpoints of Services change, with the counters of each", () => {
    const web = {
      service: "shop/web",
      address: address("10.0.2.60"),
      transport: "tcp",
      port: 443,
      affinity: false,
      backends: [{ address: address("10.244.2.5"), port: 80 }],
    } as const;
    const other = { ...web, service: "shop/other", port: 80 };
    for (const exposed of [[web], [{ ...web, backends: [] }], [{ ...web, port: 444 }, other], []]) {
      const plan = possible(gatewayPlan({ ...gatewayFacts, services: { exposed, remote: [] } }));
      assert.notEqual(pass(plan), 0);
      assert.deepEqual(drift(plan), []);
      assert.equal(pass(plan), 0);
    }
  });

  it("if a gateway gets others beside it, and is alone again", () => {
    for (const plan of [gateway, sharing, gateway, sharing]) {
      assert.notEqual(pass(plan), 0);
      assert.deepEqual(drift(plan), []);
      assert.equal(pass(plan), 0);
    }
  });

  it("where the only address of a device is replaced, in one pass", () => {
    pass(gateway);
    const child = { ...gatewayFacts.child, vxlanIp: prefix("10.0.2.8/24") };
    const replaced = possible(gatewayPlan({ ...gatewayFacts, child }));
    assert.notEqual(pass(replaced), 0);
    assert.equal(pass(replaced), 0);
  });

  it("and refuses a second xfrm interface of an if_id, even after the first one moved", (t) => {
    if (!hasXfrm) return t.skip("this machine's kernel has no xfrm interfaces");
    const add = (name: string) =>
      compare((_, __, { socket }) => outcome(socket, addXfrmLink(name, 9, 1_400, 0)));
    assert.equal(add("xfrm9"), "done");
    assert.match(String(add("xfrm10")), /EEXIST/);
    compare((kernel, _, { socket, index }) => {
      using target = kernel.netlink.openNamespace(other);
      const link = { name: "xfrm9", index: index("xfrm9") };
      return outcome(socket, changeLink(link, { namespaceFd: target.fd }));
    });
    assert.match(String(add("xfrm10")), /EEXIST/);
  });

  for (const [name, damage] of damages) {
    it(`after ${name}`, () => {
      pass(gateway);
      compare((kernel, _, side) =>
        typeof damage === "string"
          ? kernel.nft.run("damage", pod, damage)
          : outcome(side.socket, damage(side)),
      );
      drift(gateway);
      pass(gateway);
      assert.deepEqual(drift(gateway), []);
      assert.equal(pass(gateway), 0);
    });
  }
});

/** The table of a gateway or worker, as far as both kernels print it in the same way. */
function filterOf({ netlink }: Kernel) {
  using socket = NetlinkSocket.open(pod, Protocol.netfilter, netlink);
  return ["ipman", `ipman_${device}`].map((table) => {
    const sets = table === "ipman" ? ["addresses", "senders", "workers"] : [];
    const { comment, chains, size } = readTable(socket, { table, sets });
    const counters = countersOf(pod, { table }, netlink).keys();
    return { comment, size, chains: [...chains].toSorted(), counters: [...counters].toSorted() };
  });
}
