import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { linuxNetlink } from "../../src/adapters/linux/netlink-transport.ts";
import { addAddress, deleteAddress, hasAddress } from "../../src/adapters/netlink/addresses.ts";
import {
  addBridge,
  addVeth,
  addVxlanLink,
  changeLink,
  deleteLink,
  type NewVxlan,
} from "../../src/adapters/netlink/link-requests.ts";
import { findLink } from "../../src/adapters/netlink/links.ts";
import {
  deleteFdb,
  deleteNeighbour,
  replaceFdb,
  replaceNeighbour,
} from "../../src/adapters/netlink/neighbours.ts";
import { egressTo, pathMtu, sourceTo, uplink } from "../../src/adapters/netlink/route-lookup.ts";
import { deleteRoute, replaceRoute } from "../../src/adapters/netlink/routes.ts";
import type { Request } from "../../src/adapters/netlink/socket.ts";
import { formatAddress } from "../../src/model/net/address.ts";
import {
  bothKernels,
  mac,
  missing,
  other,
  outcome,
  pod,
  removeNamespaces,
  sideOf,
  stateOf,
  type Side,
} from "../sites/both-kernels.ts";
import type { SimulatedKernel } from "../../test/simulator/kernel/kernel.ts";
import { address, prefix } from "../../test/simulator/kernel/plans.ts";

/** A request, or another function of a kernel whose result is compared. */
type Step = readonly [name: string, (side: Side) => Request | string];

const vxlan = (side: Side, changes: Partial<NewVxlan> = {}): NewVxlan => ({
  name: "vxlan7",
  vni: 7,
  port: 7_789,
  mac: mac(7),
  mtu: 1_450,
  underlying: side.index("eth0"),
  local: address("10.244.0.1"),
  learning: false,
  ...changes,
});
const link = (side: Side, name: string) => ({ name, index: side.index(name) });
const fdb = (side: Side, last: number, vtep: string, device = "vxlan7") => ({
  linkIndex: side.index(device),
  address: address(vtep),
  mac: mac(last),
  moves: false,
});

const steps: readonly Step[] = [
  ["a device with a VNI", (side) => addVxlanLink(vxlan(side))],
  ["a device whose name is taken", (side) => addVxlanLink(vxlan(side, { vni: 8 }))],
  ["a device whose VNI is taken", (side) => addVxlanLink(vxlan(side, { name: "vxlan8" }))],
  [
    "a device on one that does not exist",
    (side) => addVxlanLink(vxlan(side, { name: "vxlan8", vni: 8, underlying: missing })),
  ],
  [
    "a device that is larger than the one below it",
    (side) => addVxlanLink(vxlan(side, { name: "vxlan9", vni: 9, mtu: 9_000 })),
  ],
  ["a device that is deleted", (side) => deleteLink(link(side, "vxlan9"))],
  ["a device that is deleted again", () => deleteLink({ name: "vxlan9", index: missing })],
  ["a change of no device", () => changeLink({ name: "x", index: missing }, { up: true })],
  [
    "an address of a device that is down",
    (side) => addAddress(side.index("vxlan7"), prefix("10.0.2.2/24")),
  ],
  [
    "a route by a device that is down",
    (side) => replaceRoute({ linkIndex: side.index("vxlan7"), destination: prefix("10.5.0.0/16") }),
  ],
  [
    "a device without a generated address",
    (side) => changeLink(link(side, "vxlan7"), { unaddressed: true }),
  ],
  ["a device that is up", (side) => changeLink(link(side, "vxlan7"), { up: true })],
  ["an address that exists", (side) => addAddress(side.index("vxlan7"), prefix("10.0.2.2/24"))],
  ["an IPv6 address", (side) => addAddress(side.index("vxlan7"), prefix("fd00::2/64"))],
  ["an address of no device", () => addAddress(missing, prefix("10.0.9.2/24"))],
  [
    "a deleted address that does not exist",
    (side) => deleteAddress(side.index("vxlan7"), prefix("10.0.9.2/24")),
  ],
  [
    "a deleted IPv6 address that does not exist",
    (side) => deleteAddress(side.index("vxlan7"), prefix("fd09::2/64")),
  ],
  [
    "a route",
    (side) => replaceRoute({ linkIndex: side.index("vxlan7"), destination: prefix("10.5.0.0/16") }),
  ],
  [
    "a route that exists",
    (side) => replaceRoute({ linkIndex: side.index("vxlan7"), destination: prefix("10.5.0.0/16") }),
  ],
  [
    "a route that replaces another",
    (side) =>
      replaceRoute({
        linkIndex: side.index("vxlan7"),
        destination: prefix("10.5.0.0/16"),
        gateway: address("10.0.2.9"),
        source: address("10.0.2.2"),
      }),
  ],
  [
    "an IPv6 route",
    (side) => replaceRoute({ linkIndex: side.index("vxlan7"), destination: prefix("fd05::/64") }),
  ],
  [
    "a route with a source of no device",
    (side) =>
      replaceRoute({
        linkIndex: side.index("vxlan7"),
        destination: prefix("10.6.0.0/16"),
        source: address("10.77.0.1"),
      }),
  ],
  [
    "a route with host bits",
    (side) => replaceRoute({ linkIndex: side.index("vxlan7"), destination: prefix("10.6.0.1/16") }),
  ],
  [
    "a route by no device",
    () => replaceRoute({ linkIndex: missing, destination: prefix("10.6.0.0/16") }),
  ],
  [
    "a deleted route that does not exist",
    (side) => deleteRoute({ linkIndex: side.index("vxlan7"), destination: prefix("10.6.0.0/16") }),
  ],
  [
    "a deleted IPv6 route that does not exist",
    (side) => deleteRoute({ linkIndex: side.index("vxlan7"), destination: prefix("fd06::/64") }),
  ],
  ["a neighbour", (side) => replaceNeighbour(fdb(side, 3, "10.0.2.3"))],
  ["a neighbour with another MAC address", (side) => replaceNeighbour(fdb(side, 4, "10.0.2.3"))],
  ["an IPv6 neighbour", (side) => replaceNeighbour(fdb(side, 3, "fd00::3"))],
  ["a deleted neighbour that does not exist", (side) => deleteNeighbour(fdb(side, 3, "10.0.2.77"))],
  [
    "a neighbour of no device",
    (side) => replaceNeighbour({ ...fdb(side, 3, "10.0.2.3"), linkIndex: missing }),
  ],
  ["an FDB entry", (side) => replaceFdb(fdb(side, 3, "10.244.0.3"))],
  ["an FDB entry with another VTEP", (side) => replaceFdb(fdb(side, 3, "10.244.0.4"))],
  [
    "an FDB entry that the device may move",
    (side) => replaceFdb({ ...fdb(side, 5, "10.244.0.5"), moves: true }),
  ],
  ["an FDB entry of the other family", (side) => replaceFdb(fdb(side, 6, "fd44::6"))],
  ["a deleted FDB entry that does not exist", (side) => deleteFdb(fdb(side, 99, "10.244.0.3"))],
  [
    "a device that resolves no neighbours",
    (side) => changeLink(link(side, "vxlan7"), { arp: false }),
  ],
  ["a neighbour of a device without ARP", (side) => replaceNeighbour(fdb(side, 3, "10.0.2.3"))],
  [
    "a device with another MAC address",
    (side) => changeLink(link(side, "vxlan7"), { mac: mac(8) }),
  ],
  ["a neighbour after that", (side) => replaceNeighbour(fdb(side, 3, "10.0.2.3"))],
  [
    "an MTU above that of the device below",
    (side) => changeLink(link(side, "vxlan7"), { mtu: 9_000 }),
  ],
  ["an MTU below IPv6's minimum", (side) => changeLink(link(side, "vxlan7"), { mtu: 1_000 })],
  ["a device that is set down", (side) => changeLink(link(side, "vxlan7"), { up: false })],
  ["a device that is set up again", (side) => changeLink(link(side, "vxlan7"), { up: true })],
  [
    "a device with room for two FDB entries",
    (side) =>
      addVxlanLink(vxlan(side, { name: "vxlan8", vni: 8, mac: mac(9), learning: { most: 2 } })),
  ],
  ["its first entry", (side) => replaceFdb(fdb(side, 3, "10.244.0.3", "vxlan8"))],
  ["its second entry", (side) => replaceFdb(fdb(side, 4, "10.244.0.4", "vxlan8"))],
  ["its third entry", (side) => replaceFdb(fdb(side, 5, "10.244.0.5", "vxlan8"))],
  ["a replaced entry while it is full", (side) => replaceFdb(fdb(side, 4, "10.244.0.9", "vxlan8"))],
  ["a bridge", () => addBridge("br0", 1_450)],
  ["a bridge's port", (side) => changeLink(link(side, "vxlan8"), { master: side.index("br0") })],
  ["the lookup of a device by its name", ({ socket }) => `${findLink(socket, "vxlan7")?.kind}`],
  [
    "the lookup of a name that no device has",
    ({ socket }) => `${findLink(socket, "absent")?.kind}`,
  ],
  [
    "the lookup of an index that no device has",
    ({ socket }) => `${findLink(socket, missing)?.kind}`,
  ],
  ["the route to an address of the link", (side) => lookUp(side, "10.244.0.9")],
  ["the route to an address without a route", (side) => lookUp(side, "203.0.113.1")],
  [
    "a default route",
    (side) => replaceRoute({ linkIndex: side.index("eth0"), destination: prefix("0.0.0.0/0") }),
  ],
  [
    "the route to an address that only a default route covers",
    (side) => lookUp(side, "203.0.113.1"),
  ],
  ["the device of the default route", ({ transport }) => `${uplink(pod, 4, transport)?.name}`],
  ["the device of IPv6's default route", ({ transport }) => `${uplink(pod, 6, transport)?.name}`],
  [
    "an address that the namespace has",
    ({ transport }) => `${hasAddress(pod, address("10.244.0.1"), transport)}`,
  ],
  [
    "an address that it lacks",
    ({ transport }) => `${hasAddress(pod, address("10.244.0.2"), transport)}`,
  ],
  ["a veth pair with an end in another namespace", vethPair],
  ["a device that moves to another namespace", (side) => moved(side, "veth1")],
  ["a veth pair whose other name is taken", vethPair],
  ["a bridge with the name of the device that moved", () => addBridge("veth1", 1_450)],
];

function lookUp({ transport }: Side, target: string): string {
  const source = sourceTo(pod, address(target), transport);
  return [
    egressTo(pod, address(target), transport)?.device,
    source && formatAddress(source),
    pathMtu(pod, address(target), transport),
  ].join(" ");
}

/** Creates a veth pair while the descriptor of the other namespace is open. */
function vethPair({ transport, socket }: Side): string {
  using target = transport.openNamespace(other);
  return outcome(socket, addVeth("veth1", 1_400, { name: "veth2", namespaceFd: target.fd }));
}

/** Moves a device while the descriptor of the other namespace is open. */
function moved({ transport, socket, index }: Side, name: string): string {
  using target = transport.openNamespace(other);
  return outcome(socket, changeLink({ name, index: index(name) }, { namespaceFd: target.fd }));
}

describe("the simulated kernel answers like a real one", () => {
  let simulated: SimulatedKernel;
  before(() => {
    simulated = bothKernels();
  });
  after(removeNamespaces);

  for (const [name, step] of steps) {
    it(`for ${name}`, () => {
      const [actual, expected] = [simulated.netlink, linuxNetlink].map((transport) => {
        const side = sideOf(transport);
        using _ = side.socket;
        const result = step(side);
        const text = typeof result === "string" ? result : outcome(side.socket, result);
        return `${text}\n${stateOf(side)}`;
      });
      assert.equal(actual, expected);
    });
  }
});
