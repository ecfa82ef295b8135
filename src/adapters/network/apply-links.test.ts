import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appliedKernel,
  assertRepair,
  place,
  type Damage,
} from "../../../test/simulator/kernel/applied.ts";
import { gatewayFacts } from "../../../test/simulator/kernel/plans.ts";
import { gatewayPlan } from "../../model/network/gateway-plan.ts";
import type { NetworkPlan } from "../../model/network/network-plan.ts";
import { FilterMemory } from "../nftables/apply-rules.ts";
import { applyPlan } from "./apply-plan.ts";

/** A damage, the requests that repair it, and the drift that is reported before. */
/** The requests that create the VXLAN device with everything on it. */
const vxlanCreated = `pod: link add vxlan102 mtu 1450 address GATEWAY type vxlan id 102 local 10.244.0.1 dev eth0 dstport 7789 nolearning
     pod: link set vxlan102 arp off
     pod: link set vxlan102 addrgenmode none
     pod: link set vxlan102 up
     pod: addr replace 10.0.2.2/24 dev vxlan102
     pod: route replace 10.0.2.3/32 dev vxlan102
     pod: route replace 10.0.2.4/32 dev vxlan102
     pod: neigh replace 10.0.2.3 lladdr WORKER3 dev vxlan102
     pod: neigh replace 10.0.2.4 lladdr WORKER4 dev vxlan102
     pod: fdb replace WORKER3 dst 10.244.0.3 dev vxlan102 permanent
     pod: fdb replace WORKER4 dst 10.244.1.4 dev vxlan102 permanent`;

const damages: readonly [name: string, damage: Damage, repair: string, drift?: string][] = [
  [
    "a deleted xfrm interface",
    ({ pod, link }) => pod.remove(link("xfrm102")),
    `charon: link add xfrm102 mtu 1400 type xfrm if_id 102
     charon: link set xfrm102 netns pod
     pod: link set xfrm102 up
     pod: addr replace 10.0.2.1/24 dev xfrm102
     pod: route replace 10.1.2.0/24 dev xfrm102`,
    "create xfrm102",
  ],
  [
    "an xfrm interface that an interrupted pass left in charon's namespace",
    ({ kernel, pod, link }) => {
      const stray = link("xfrm102");
      pod.remove(stray);
      kernel.namespace("charon").add({ ...stray, up: false, origin: "charon" });
    },
    `charon: link add xfrm102 mtu 1400 type xfrm if_id 102
     charon: link set xfrm102 netns pod
     pod: link set xfrm102 up
     pod: addr replace 10.0.2.1/24 dev xfrm102
     pod: route replace 10.1.2.0/24 dev xfrm102`,
    "create xfrm102",
  ],
  [
    "another device with the name of the xfrm interface",
    ({ pod, link }) => {
      pod.remove(link("xfrm102"));
      pod.add({ name: "xfrm102", kind: "dummy" });
    },
    `pod: link del xfrm102
     charon: link add xfrm102 mtu 1400 type xfrm if_id 102
     charon: link set xfrm102 netns pod
     pod: link set xfrm102 up
     pod: addr replace 10.0.2.1/24 dev xfrm102
     pod: route replace 10.1.2.0/24 dev xfrm102`,
    "create xfrm102",
  ],
  [
    "an xfrm interface that is down",
    ({ pod, link }) => pod.change(link("xfrm102"), { up: false }),
    `pod: link set xfrm102 up
     pod: route replace 10.1.2.0/24 dev xfrm102`,
    "set up xfrm102",
  ],
  [
    "an xfrm interface with another MTU",
    ({ pod, link }) => pod.change(link("xfrm102"), { mtu: 1_300 }),
    "pod: link set xfrm102 mtu 1400",
    "",
  ],
  [
    "a deleted VXLAN device",
    ({ pod, link }) => pod.remove(link("vxlan102")),
    vxlanCreated,
    "create vxlan102",
  ],
  [
    "a VXLAN device of another segment",
    ({ pod, link }) => {
      const vxlan = link("vxlan102");
      pod.change(vxlan, { vxlan: vxlan.vxlan && { ...vxlan.vxlan, vni: 7 } });
    },
    `pod: link del vxlan102
     ${vxlanCreated}`,
    "",
  ],
  [
    "a VXLAN device that is down",
    ({ pod, link }) => pod.change(link("vxlan102"), { up: false }),
    `pod: link set vxlan102 addrgenmode none
     pod: link set vxlan102 up
     pod: route replace 10.0.2.3/32 dev vxlan102
     pod: route replace 10.0.2.4/32 dev vxlan102
     pod: neigh replace 10.0.2.3 lladdr WORKER3 dev vxlan102
     pod: neigh replace 10.0.2.4 lladdr WORKER4 dev vxlan102`,
    "set up vxlan102",
  ],
  [
    "a VXLAN device that resolves neighbours",
    ({ pod, link }) => pod.change(link("vxlan102"), { arp: true }),
    `pod: link set vxlan102 arp off
     pod: neigh replace 10.0.2.3 lladdr WORKER3 dev vxlan102
     pod: neigh replace 10.0.2.4 lladdr WORKER4 dev vxlan102`,
    `set neighbour 10.0.2.3
     set neighbour 10.0.2.4`,
  ],
  [
    "a VXLAN device with another MAC address",
    ({ pod, link }) => pod.change(link("vxlan102"), { mac: "02:00:00:00:00:99" }),
    `pod: link set vxlan102 address GATEWAY
     pod: neigh replace 10.0.2.3 lladdr WORKER3 dev vxlan102
     pod: neigh replace 10.0.2.4 lladdr WORKER4 dev vxlan102`,
    `set neighbour 10.0.2.3
     set neighbour 10.0.2.4`,
  ],
];

describe("a pass over damaged devices", () => {
  for (const [name, damage, repair, drift] of damages) {
    it(`repairs ${name} with exactly the requests that it needs`, () =>
      assertRepair(damage, repair, drift));
  }
});

describe("the planned device under an xfrm interface", () => {
  const onBond: NetworkPlan = gatewayPlan({ ...gatewayFacts, underlying: "bond0" });

  it("requires that the interface is created again, since the kernel does not change it", () => {
    const { kernel } = appliedKernel();
    kernel.namespace("charon").add({ name: "bond0" });
    applyPlan(place, onBond, new FilterMemory(), kernel);
    const [deleted, added, moved] = kernel.requests().split("\n");
    assert.deepEqual(
      [deleted, added, moved],
      [
        "pod: link del xfrm102",
        "charon: link add xfrm102 mtu 1400 type xfrm if_id 102 dev bond0",
        "charon: link set xfrm102 netns pod",
      ],
    );
    applyPlan(place, onBond, new FilterMemory(), kernel);
    assert.equal(kernel.requests(), "");
  });
});
