import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appliedKernel,
  freshKernel,
  place,
  planned,
} from "../../../test/simulator/kernel/applied.ts";
import { namespaceText } from "../../../test/simulator/kernel/entry-text.ts";
import type { SimulatedKernel } from "../../../test/simulator/kernel/kernel.ts";
import { planText } from "../../../test/simulator/kernel/plan-text.ts";
import { address, plannedGateway, prefix } from "../../../test/simulator/kernel/plans.ts";
import { FilterMemory } from "../nftables/apply-rules.ts";
import { applyPlan } from "./apply-plan.ts";

describe("a pass during which another program changes the namespace", () => {
  /** Runs a change once, before the first request that matches. */
  const meanwhile = (kernel: SimulatedKernel, pattern: RegExp, change: () => void) => {
    kernel.before = (request) => {
      if (!pattern.test(request)) return;
      kernel.before = () => {};
      change();
    };
  };

  it("accepts that an entry that it deletes is already deleted", () => {
    const { kernel, pod, link, pass } = appliedKernel();
    const { index } = link("vxlan102");
    pod.addAddress({ linkIndex: index, prefix: prefix("10.9.9.9/24"), scope: 0 });
    pod.neighbours = pod.neighbours.flatMap((entry, i) =>
      i === 0 ? [entry, { ...entry, address: address("10.0.2.77") }] : [entry],
    );
    pod.fdb = pod.fdb.flatMap((entry, i) =>
      i === 0 ? [entry, { ...entry, mac: "02:00:00:00:00:99" }] : [entry],
    );
    pod.routes = pod.routes.flatMap((route) =>
      route.destination.length === 32
        ? [route, { ...route, destination: prefix("10.7.0.0/16") }]
        : [route],
    );
    meanwhile(kernel, /addr del/, () => {
      pod.removeAddress({ linkIndex: index, prefix: prefix("10.9.9.9/24") });
      pod.neighbours = pod.neighbours.filter(
        ({ address: known }) => known.value !== address("10.0.2.77").value,
      );
      pod.fdb = pod.fdb.filter(({ mac }) => mac !== "02:00:00:00:00:99");
      pod.routes = pod.routes.filter(({ destination }) => destination.length !== 16);
    });
    assert.doesNotThrow(pass);
    assert.match(kernel.requests(), /addr del[^]*route del[^]*neigh del[^]*fdb del/);
    assert.equal(pass(), 0);
  });

  it("accepts that a device that it deletes is already deleted", () => {
    const { kernel, pod, link, pass } = appliedKernel();
    const vxlan = link("vxlan102");
    pod.change(vxlan, { vxlan: vxlan.vxlan && { ...vxlan.vxlan, vni: 7 } });
    meanwhile(kernel, /link del vxlan102/, () => pod.remove(vxlan));
    pass();
    assert.equal(pass(), 0);
  });

  it("adopts an xfrm interface that another pass created in charon's namespace", () => {
    const kernel = freshKernel();
    const charon = kernel.namespace("charon");
    const xfrm = { ifId: 102, underlying: 0 };
    meanwhile(kernel, /link add xfrm102/, () =>
      charon.add({ name: "xfrm102", kind: "xfrm", mtu: 1_400, arp: false, xfrm }),
    );
    applyPlan(place, plannedGateway, new FilterMemory(), kernel);
    assert.deepEqual(
      charon.links.map(({ name }) => name),
      ["lo"],
    );
    assert.deepEqual(
      planned(namespaceText("pod", kernel.netlink)),
      planned(planText(plannedGateway)),
    );
  });

  it("reports a device that disappears while its entries are added", () => {
    const { kernel, pod, link, pass } = appliedKernel();
    pod.neighbours = [];
    meanwhile(kernel, /neigh replace 10\.0\.2\.4/, () => pod.remove(link("vxlan102")));
    assert.throws(pass, { name: "NetlinkError", op: "set neighbour 10.0.2.4", code: "ENODEV" });
    pass();
    assert.equal(pass(), 0);
  });

  it("reports a VXLAN device that another program creates first", () => {
    const kernel = freshKernel();
    const pod = kernel.namespace("pod");
    meanwhile(kernel, /link add vxlan102/, () => pod.add({ name: "vxlan102", kind: "dummy" }));
    assert.throws(() => applyPlan(place, plannedGateway, new FilterMemory(), kernel), {
      op: "add vxlan link vxlan102",
      code: "EEXIST",
    });
    applyPlan(place, plannedGateway, new FilterMemory(), kernel);
    assert.deepEqual(
      planned(namespaceText("pod", kernel.netlink)),
      planned(planText(plannedGateway)),
    );
  });
});
