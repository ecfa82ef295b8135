import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SimulatedKernel } from "../../../test/simulator/kernel/kernel.ts";
import { address, prefix } from "../../../test/simulator/kernel/plans.ts";
import { formatAddress } from "../../model/net/address.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import { routeOrigin } from "../linux/constants.ts";
import { hasAddress } from "./addresses.ts";
import { egressTo, ownRoutes, pathMtu, sourceTo, uplink } from "./route-lookup.ts";

/** A host with a device to its network and one to another network, and no route by IPv6. */
function host() {
  const kernel = new SimulatedKernel();
  const namespace = kernel.create("host");
  const eth0 = namespace.add({ name: "eth0", kind: "veth", up: true, mtu: 1_500 });
  const tun = namespace.add({ name: "xfrm7", kind: "xfrm", up: true, mtu: 1_400 });
  const common = { gateway: undefined, source: undefined, origin: 2 };
  namespace.addAddress({ linkIndex: eth0.index, prefix: prefix("192.168.1.1/24"), scope: 0 });
  namespace.routes = [
    { ...common, linkIndex: eth0.index, destination: prefix("0.0.0.0/0") },
    {
      ...common,
      linkIndex: tun.index,
      destination: prefix("10.1.0.0/16"),
      source: address("10.0.2.1"),
    },
  ];
  return kernel.netlink;
}

describe("the lookup of a route", () => {
  const netlink = host();

  it("finds the device with the longest prefix", () => {
    const found = ["10.1.2.3", "203.0.113.1"].map((text) =>
      egressTo(undefined, address(text), netlink),
    );
    assert.deepEqual(found, [
      { device: "xfrm7", kind: "xfrm" },
      { device: "eth0", kind: "veth" },
    ]);
  });

  it("finds the source address and the MTU of the path", () => {
    const found = ["10.1.2.3", "203.0.113.1"].map((text) => {
      const source = sourceTo(undefined, address(text), netlink);
      return [source && formatAddress(source), pathMtu(undefined, address(text), netlink)];
    });
    assert.deepEqual(found, [
      ["10.0.2.1", 1_400],
      ["192.168.1.1", 1_500],
    ]);
  });

  it("finds the device of the default route", () => {
    assert.equal(uplink(undefined, 4, netlink)?.name, "eth0");
    assert.equal(uplink(undefined, 6, netlink), undefined);
  });

  it("finds the device of the default route beside routes into a tunnel that cover any address", () => {
    const kernel = new SimulatedKernel();
    const namespace = kernel.create("host");
    const [tun, eth0] = [
      namespace.add({ name: "xfrm7", kind: "xfrm", up: true, mtu: 1_400 }),
      namespace.add({ name: "eth0", kind: "veth", up: true, mtu: 1_500 }),
    ];
    const common = { gateway: undefined, source: undefined };
    const intoTunnel = { ...common, linkIndex: tun.index, origin: routeOrigin };
    const own = { ...common, linkIndex: eth0.index, origin: 3 };
    namespace.routes = [
      { ...intoTunnel, destination: prefix("0.0.0.0/0") },
      { ...intoTunnel, destination: prefix("128.0.0.0/1") },
      { ...own, destination: prefix("0.0.0.0/0") },
    ];
    assert.equal(uplink(undefined, 4, kernel.netlink)?.name, "eth0");
    namespace.routes = [{ ...intoTunnel, destination: prefix("192.0.0.0/8") }];
    assert.equal(uplink(undefined, 4, kernel.netlink)?.name, "xfrm7");
  });

  it("lists a namespace's own routes without its default route and those into tunnels", () => {
    const kernel = new SimulatedKernel();
    const namespace = kernel.create("host");
    const { index: linkIndex } = namespace.add({
      name: "eth0",
      kind: "veth",
      up: true,
      mtu: 1_500,
    });
    const routeOf = (text: string, origin: number) => {
      const destination = prefix(text);
      return { linkIndex, destination, gateway: undefined, source: undefined, origin };
    };
    namespace.routes = [
      routeOf("0.0.0.0/0", 3),
      routeOf("10.244.0.0/16", 3),
      routeOf("10.1.0.0/16", routeOrigin),
      routeOf("fd44::/64", 2),
    ];
    const own = ownRoutes(undefined, kernel.netlink).map(formatPrefix);
    assert.deepEqual(own, ["10.244.0.0/16", "fd44::/64"]);
  });

  it("finds nothing if there is no route", () => {
    const target = address("2001:db8::1");
    assert.equal(egressTo(undefined, target, netlink), undefined);
    assert.equal(sourceTo(undefined, target, netlink), undefined);
    assert.equal(pathMtu(undefined, target, netlink), undefined);
  });

  it("distinguishes the namespace's own addresses from others", () => {
    assert.ok(hasAddress(undefined, address("192.168.1.1"), netlink));
    assert.ok(!hasAddress(undefined, address("192.168.1.2"), netlink));
  });
});
