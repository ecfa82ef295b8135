import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appliedKernel,
  assertRepair,
  place,
  planned,
  withMacs,
  type Damage,
} from "../../../test/simulator/kernel/applied.ts";
import { namespaceText } from "../../../test/simulator/kernel/entry-text.ts";
import { planText } from "../../../test/simulator/kernel/plan-text.ts";
import { address, gatewayFacts, prefix, workerOf } from "../../../test/simulator/kernel/plans.ts";
import { gatewayPlan } from "../../model/network/gateway-plan.ts";
import { routeOrigin } from "../linux/constants.ts";
import type { LinkAddress } from "../netlink/addresses.ts";
import type { Link } from "../netlink/links.ts";
import { FilterMemory } from "../nftables/apply-rules.ts";
import { applyPlan } from "./apply-plan.ts";

function addressOf({ index }: Link, text: string): LinkAddress {
  return { linkIndex: index, prefix: prefix(text), scope: 0 };
}

/** A damage, the requests that repair it, and the drift that is reported before. */
const damages: readonly [name: string, damage: Damage, repair: string, drift?: string][] = [
  [
    "a missing address",
    ({ pod, link }) => void pod.removeAddress(addressOf(link("xfrm102"), "10.0.2.1/24")),
    `pod: addr replace 10.0.2.1/24 dev xfrm102
     pod: route replace 10.1.2.0/24 dev xfrm102`,
    `add address 10.0.2.1/24
     set route 10.1.2.0/24`,
  ],
  [
    "a superfluous address",
    ({ pod, link }) => pod.addAddress(addressOf(link("vxlan102"), "10.9.9.9/24")),
    "pod: addr del 10.9.9.9/24 dev vxlan102",
    "",
  ],
  [
    "a missing route",
    ({ pod, link }) => {
      pod.routes = pod.routes.filter(({ linkIndex }) => linkIndex !== link("xfrm102").index);
    },
    "pod: route replace 10.1.2.0/24 dev xfrm102",
    "set route 10.1.2.0/24",
  ],
  [
    "a route with another gateway",
    ({ pod, link }) => {
      const { index } = link("xfrm102");
      pod.routes = pod.routes.map((route) =>
        route.linkIndex === index && route.destination.address.family === 4
          ? { ...route, gateway: address("10.0.2.9") }
          : route,
      );
    },
    "pod: route replace 10.1.2.0/24 dev xfrm102",
    "set route 10.1.2.0/24",
  ],
  [
    "a superfluous route of ipman's",
    ({ pod, link }) => {
      const extra = { gateway: undefined, source: undefined, origin: routeOrigin };
      const destination = prefix("10.7.0.0/16");
      pod.routes = [...pod.routes, { ...extra, destination, linkIndex: link("xfrm102").index }];
    },
    "pod: route del 10.7.0.0/16 dev xfrm102",
    "",
  ],
  [
    "a missing neighbour",
    ({ pod }) => {
      pod.neighbours = pod.neighbours.slice(1);
    },
    "pod: neigh replace 10.0.2.3 lladdr WORKER3 dev vxlan102",
    "set neighbour 10.0.2.3",
  ],
  [
    "a neighbour with another MAC address",
    ({ pod }) => {
      pod.neighbours = pod.neighbours.map((entry) => ({ ...entry, mac: "02:00:00:00:00:99" }));
    },
    `pod: neigh replace 10.0.2.3 lladdr WORKER3 dev vxlan102
     pod: neigh replace 10.0.2.4 lladdr WORKER4 dev vxlan102`,
    `set neighbour 10.0.2.3
     set neighbour 10.0.2.4`,
  ],
  [
    "a superfluous neighbour",
    ({ pod }) => {
      pod.neighbours = pod.neighbours.flatMap((entry) => [
        entry,
        { ...entry, address: address("10.0.2.77") },
      ]);
      pod.neighbours = pod.neighbours.slice(0, 3);
    },
    "pod: neigh del 10.0.2.77 lladdr WORKER3 dev vxlan102",
    "",
  ],
  [
    "a missing FDB entry",
    ({ pod }) => {
      pod.fdb = pod.fdb.slice(1);
    },
    "pod: fdb replace WORKER3 dst 10.244.0.3 dev vxlan102 permanent",
    "set FDB entry WORKER3 to 10.244.0.3",
  ],
  [
    "an FDB entry with another VTEP",
    ({ pod }) => {
      pod.fdb = pod.fdb.map((entry, i) =>
        i === 0 ? { ...entry, address: address("10.244.9.9") } : entry,
      );
    },
    "pod: fdb replace WORKER3 dst 10.244.0.3 dev vxlan102 permanent",
    "set FDB entry WORKER3 to 10.244.0.3",
  ],
  [
    "a superfluous FDB entry",
    ({ pod }) => {
      pod.fdb = pod.fdb.flatMap((entry, i) =>
        i === 0 ? [entry, { ...entry, mac: "02:00:00:00:00:99" }] : [entry],
      );
    },
    "pod: fdb del 02:00:00:00:00:99 dst 10.244.0.3 dev vxlan102 permanent",
    "",
  ],
  [
    "forwarding that is off",
    ({ pod }) => void pod.sysctls.set("ipv4/ip_forward", "0"),
    "pod: sysctl net.ipv4.ip_forward=1",
    "set net.ipv4.ip_forward to 1",
  ],
];

describe("a pass over damaged entries", () => {
  for (const [name, damage, repair, drift] of damages) {
    it(`repairs ${name} with exactly the requests that it needs`, () =>
      assertRepair(damage, repair, drift));
  }

  it("leaves entries of other devices and routes of other programs unchanged", () => {
    const { kernel, pod, link, pass } = appliedKernel();
    const eth0 = link("eth0").index;
    pod.addAddress({ linkIndex: eth0, prefix: prefix("10.244.0.1/24"), scope: 0 });
    const route = { gateway: undefined, source: undefined, destination: prefix("10.8.0.0/16") };
    pod.routes = [
      ...pod.routes,
      { ...route, linkIndex: eth0, origin: routeOrigin },
      { ...route, destination: prefix("10.9.0.0/16"), linkIndex: link("xfrm102").index, origin: 3 },
    ];
    pass();
    assert.equal(kernel.requests(), "");
  });

  it("adds and removes one worker without touching the others", () => {
    const { kernel, pod } = appliedKernel();
    const [first] = gatewayFacts.workers;
    const workers = [
      ...(first === undefined ? [] : [first]),
      workerOf("10.0.2.5/24", "10.244.2.5"),
    ];
    const plan = gatewayPlan({ ...gatewayFacts, workers });
    applyPlan(place, plan, new FilterMemory(), kernel);
    const newcomer = plan.neighbours[1]?.mac ?? "";
    const requests = kernel
      .requests()
      .split("\n")
      .filter((line) => !line.includes(": nft"));
    assert.equal(
      requests.join("\n"),
      withMacs(`pod: route del 10.0.2.4/32 dev vxlan102
        pod: route replace 10.0.2.5/32 dev vxlan102
        pod: neigh del 10.0.2.4 lladdr WORKER4 dev vxlan102
        pod: neigh replace 10.0.2.5 lladdr ${newcomer} dev vxlan102
        pod: fdb del WORKER4 dst 10.244.1.4 dev vxlan102 permanent
        pod: fdb replace ${newcomer} dst 10.244.2.5 dev vxlan102 permanent`),
    );
    assert.deepEqual(planned(namespaceText("pod", kernel.netlink)), planned(planText(plan)));
    assert.equal(pod.tables.get("ipman")?.sets.get("addresses")?.length, 2);
  });

  for (const [what, changes, address] of [
    ["the xfrm interface's", { xfrmIp: prefix("10.0.2.9/24") }, "10.0.2.9/24 dev xfrm102"],
    ["the VXLAN device's", { vxlanIp: prefix("10.0.2.8/24") }, "10.0.2.8/24 dev vxlan102"],
  ] as const)
    it(`restores in the same pass what the kernel removes with ${what} replaced address`, () => {
      const { kernel } = appliedKernel();
      const child = { ...gatewayFacts.child, ...changes };
      const plan = gatewayPlan({ ...gatewayFacts, child });
      applyPlan(place, plan, new FilterMemory(), kernel);
      assert.match(kernel.requests(), new RegExp(`addr del .*\\n.*addr replace ${address}\\n`));
      assert.deepEqual(planned(namespaceText("pod", kernel.netlink)), planned(planText(plan)));
      assert.equal(applyPlan(place, plan, new FilterMemory(), kernel).changes, 0);
    });
});

describe("a pass after a switch between paths", () => {
  it("moves each route to the other device in one step", () => {
    const [first, second] = [102, 0x1000066];
    const order = (...tunnels: number[]) => gatewayPlan({ ...gatewayFacts, tunnels });
    const { kernel, pod } = appliedKernel(order(first, second));
    applyPlan(place, order(second, first), new FilterMemory(), kernel);
    const changes = kernel.requests().split("\n");
    assert.deepEqual(changes, ["pod: route replace 10.1.2.0/24 dev xfrm16777318"]);
    const devices = pod.routes.filter(({ origin }) => origin === routeOrigin);
    const moved = pod.find("xfrm16777318")?.index;
    assert.ok(devices.some(({ linkIndex }) => linkIndex === moved));
    assert.ok(!devices.some(({ linkIndex }) => linkIndex === pod.find("xfrm102")?.index));
  });

  it("removes the device of a path that is not declared any more, after its routes", () => {
    const order = (...tunnels: number[]) => gatewayPlan({ ...gatewayFacts, tunnels });
    const { kernel, pod } = appliedKernel(order(0x1000066, 102));
    const other = pod.add({ name: "xfrm7", kind: "xfrm", up: true, mtu: 1_400 });
    applyPlan(place, order(102), new FilterMemory(), kernel);
    const changes = kernel.requests().split("\n");
    assert.equal(pod.find("xfrm16777318"), undefined);
    assert.ok(pod.find(other.index));
    const moved = changes.findIndex((text) =>
      text.includes("route replace 10.1.2.0/24 dev xfrm102"),
    );
    const removed = changes.findIndex((text) => text.includes("link del xfrm16777318"));
    assert.ok(moved >= 0 && removed > moved, changes.join("\n"));
  });
});
