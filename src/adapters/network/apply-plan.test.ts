import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appliedKernel,
  freshKernel,
  place,
  planned,
} from "../../../test/simulator/kernel/applied.ts";
import { flowBody } from "../../../test/simulator/kernel/tracking-answers.ts";
import { namespaceText } from "../../../test/simulator/kernel/entry-text.ts";
import type { SimulatedKernel } from "../../../test/simulator/kernel/kernel.ts";
import { planText } from "../../../test/simulator/kernel/plan-text.ts";
import {
  address,
  gatewayFacts,
  plannedGateway,
  plannedWorker,
  workerOf,
} from "../../../test/simulator/kernel/plans.ts";
import { gatewayPlan } from "../../model/network/gateway-plan.ts";
import type { ExposedPort } from "../../model/translation/child-services.ts";
import { flowIn } from "../conntrack/flow.ts";
import { FilterMemory } from "../nftables/apply-rules.ts";
import { NftError } from "../nftables/libnftables.ts";
import { applyPlan, driftOf } from "./apply-plan.ts";

/** A port of a Service with these backends. */
function exposed(backends: readonly string[]): ExposedPort {
  return {
    service: "shop/web",
    address: address("10.0.2.60"),
    transport: "tcp",
    port: 443,
    affinity: false,
    backends: backends.map((text) => ({ address: address(text), port: 80 })),
  };
}

describe("the first pass over a namespace", () => {
  for (const [role, plan] of [
    ["gateway", plannedGateway],
    ["worker", plannedWorker],
  ] as const) {
    it(`sends the requests of a ${role}'s plan in an order that the kernel accepts`, (t) => {
      const kernel = freshKernel();
      applyPlan(place, plan, new FilterMemory(), kernel);
      const path = `${import.meta.dirname}/${role}-requests.golden.txt`;
      t.assert.fileSnapshot(`${kernel.requests()}\n`, path, { serializers: [String] });
    });

    it(`leaves a ${role}'s namespace exactly as planned`, () => {
      const { kernel } = appliedKernel(plan);
      assert.deepEqual(planned(namespaceText("pod", kernel.netlink)), planned(planText(plan)));
    });

    it(`is followed by a second pass without a request for a ${role}`, () => {
      const { kernel, pass, drift } = appliedKernel(plan);
      assert.deepEqual(drift(), []);
      assert.equal(pass(), 0);
      assert.equal(kernel.requests(), "");
    });
  }
});

describe("a pass over a damaged packet filter", () => {
  const nft = (text: string) => text.split("\n").filter((line) => line.includes(": nft "));

  for (const [name, commands] of [
    ["a deleted table", "delete table inet ipman"],
    ["a flushed ruleset", "flush ruleset"],
    ["a flushed chain", "flush chain inet ipman forward"],
    ["a missing element", "delete element inet ipman addresses { 10.0.2.3 }"],
    ["a superfluous element", "add element inet ipman addresses { 10.0.2.99 }"],
  ] as const) {
    it(`replaces the table in one transaction after ${name}`, () => {
      const { kernel, pass, drift } = appliedKernel();
      const memory = new FilterMemory();
      applyPlan(place, plannedGateway, memory, kernel);
      kernel.nft.run("damage", "pod", commands);
      kernel.requests();
      assert.deepEqual(drift(), ["set packet filter ipman"]);
      assert.equal(pass(), 1);
      assert.deepEqual(nft(kernel.requests()).slice(0, 3), [
        "pod: nft table inet ipman",
        "pod: nft delete table inet ipman",
        "pod: nft table inet ipman {",
      ]);
      assert.equal(pass(), 0);
    });
  }

  it("admits a further worker after the entries for its answers, even if one was refused", () => {
    const kernel = freshKernel();
    const memory = new FilterMemory();
    applyPlan(place, plannedGateway, memory, kernel);
    kernel.requests();
    kernel.refuse(/fdb replace/, "ENOSPC");
    const workers = [...gatewayFacts.workers, workerOf("10.0.2.5/24", "10.244.2.5")];
    const plan = gatewayPlan({ ...gatewayFacts, workers });
    assert.throws(() => applyPlan(place, plan, memory, kernel), { code: "ENOSPC" });
    assert.match(kernel.requests(), /^pod: route [^]*neigh [^]*fdb [^]*: nft add element/);
  });

  it("denies a removed worker before its entries are deleted", () => {
    const kernel = freshKernel();
    const memory = new FilterMemory();
    applyPlan(place, plannedGateway, memory, kernel);
    kernel.requests();
    const [first] = gatewayFacts.workers;
    assert.ok(first);
    const plan = gatewayPlan({ ...gatewayFacts, workers: [first] });
    applyPlan(place, plan, memory, kernel);
    assert.match(kernel.requests(), /^pod: nft delete element [^]*route del/);
  });

  it("replaces the chain of a Service whose backends changed in one transaction", () => {
    const kernel = freshKernel();
    const memory = new FilterMemory();
    const planned = (...backends: string[]) =>
      gatewayPlan({ ...gatewayFacts, services: { exposed: [exposed(backends)], remote: [] } });
    applyPlan(place, planned("10.244.2.5"), memory, kernel);
    kernel.requests();
    applyPlan(place, planned("10.244.2.6"), memory, kernel);
    const lines = nft(kernel.requests());
    const key = /delete element inet ipman exposed \{ 10\.0\.2\.60 \. tcp \. 443 \}/;
    assert.match(lines[0] ?? "", key);
    assert.match(lines.join("\n"), /dnat ip to 10\.244\.2\.6:80[^]*add element inet ipman exposed/);
    assert.equal(lines.filter((line) => /: nft (delete|add) element/.test(line)).length, 2);
    applyPlan(place, planned(), memory, kernel);
    assert.match(nft(kernel.requests())[0] ?? "", key);
  });

  it("ends the UDP flows to backends that left, also those of an earlier process", () => {
    const { kernel, pod } = appliedKernel();
    const flow = (id: number, port: number, backend: string) =>
      flowBody(id, { to: "10.0.2.60", port, backend });
    const serve = (memory: FilterMemory, ...exposed: readonly ExposedPort[]) =>
      applyPlan(
        place,
        gatewayPlan({ ...gatewayFacts, services: { exposed, remote: [] } }),
        memory,
        kernel,
      );
    const idsOf = () => pod.flows.map((body) => flowIn(body)?.id.readUInt32BE());
    pod.flows = [
      flow(1, 443, "10.244.2.5"),
      flow(2, 443, "10.244.2.6"),
      flow(3, 444, "10.244.2.5"),
    ];
    const memory = new FilterMemory();
    serve(memory, { ...exposed(["10.244.2.6"]), transport: "udp" });
    assert.deepEqual(idsOf(), [2, 3]);
    pod.flows.push(flow(4, 443, "10.244.2.5"));
    serve(memory, { ...exposed(["10.244.2.6"]), transport: "udp" });
    assert.deepEqual(idsOf(), [2, 3, 4], "nothing changed, so that nothing is listed");
    serve(memory);
    assert.deepEqual(idsOf(), [3]);
  });

  it("leaves connections by TCP to backends that left", () => {
    const { kernel, pod } = appliedKernel();
    pod.flows = [flowBody(1, { to: "10.0.2.60", port: 443, backend: "10.244.2.5" })];
    const services = { exposed: [exposed(["10.244.2.6"])], remote: [] };
    applyPlan(place, gatewayPlan({ ...gatewayFacts, services }), new FilterMemory(), kernel);
    assert.equal(pod.flows.length, 1);
  });

  it("needs no list of flows from a kernel that lacks it, and tries again after another refusal", () => {
    const { kernel, pod } = appliedKernel();
    const services = {
      exposed: [{ ...exposed(["10.244.2.6"]), transport: "udp" }],
      remote: [],
    } as const;
    const plan = gatewayPlan({ ...gatewayFacts, services });
    const memory = new FilterMemory();
    pod.trackingError = "EPERM";
    assert.throws(() => applyPlan(place, plan, memory, kernel), { code: "EPERM" });
    pod.flows = [flowBody(1, { to: "10.0.2.60", port: 443, backend: "10.244.2.5" })];
    pod.trackingError = undefined;
    applyPlan(place, plan, memory, kernel);
    assert.deepEqual(pod.flows, []);
    pod.trackingError = "EINVAL";
    assert.doesNotThrow(() => applyPlan(place, plan, new FilterMemory(), kernel));
  });

  it("sets how connections are tracked only if the table tracks them", () => {
    const { kernel, pod } = appliedKernel();
    const liberal = () => pod.sysctls.get("netfilter/nf_conntrack_tcp_be_liberal");
    assert.equal(liberal(), "0");
    const services = { exposed: [exposed(["10.244.2.6"])], remote: [] };
    const plan = gatewayPlan({ ...gatewayFacts, services });
    const memory = new FilterMemory();
    applyPlan(place, plan, memory, kernel);
    assert.equal(liberal(), "1");
    pod.sysctls.set("netfilter/nf_conntrack_tcp_loose", "0");
    assert.deepEqual(driftOf(place.namespace, plan, memory, kernel), [
      "set net.netfilter.nf_conntrack_tcp_loose to 1",
    ]);
  });

  it("amends the table if a worker is added", () => {
    const kernel = freshKernel();
    const memory = new FilterMemory();
    applyPlan(place, plannedGateway, memory, kernel);
    kernel.requests();
    const workers = [...gatewayFacts.workers, workerOf("10.0.2.5/24", "10.244.2.5")];
    applyPlan(place, gatewayPlan({ ...gatewayFacts, workers }), memory, kernel);
    const [first, ...others] = nft(kernel.requests());
    assert.equal(first, "pod: nft table inet ipman {");
    assert.ok(others.every((line) => !line.includes("delete")));
    assert.match(others.join("\n"), /nft add element inet ipman addresses \{ 10\.0\.2\.5 \}/);
  });

  it("sets the planned devices down if there is no filter and none can be set", () => {
    const { kernel, pod } = appliedKernel();
    pod.tables = new Map();
    const broken = failingNft(kernel);
    assert.throws(() => applyPlan(place, plannedGateway, new FilterMemory(), broken), NftError);
    assert.equal(kernel.requests(), "pod: link set xfrm102 down\npod: link set vxlan102 down");
  });

  it("leaves the devices up if the filter of an earlier plan is still in place", () => {
    const { kernel } = appliedKernel();
    const broken = failingNft(kernel);
    const plan = gatewayPlan({ ...gatewayFacts, vxlanPort: 4_789 });
    assert.throws(() => applyPlan(place, plan, new FilterMemory(), broken), NftError);
    assert.equal(kernel.requests(), "");
  });
});

function failingNft({ netlink, sysctls }: SimulatedKernel) {
  const fail = (op: string) => {
    throw new NftError(op, "no library", { code: "UNAVAILABLE" });
  };
  return { netlink, sysctls, nft: { run: fail, check: fail } };
}

describe("a pass that the kernel refuses in part", () => {
  it("reports the first refusal with its operation and the kernel's text, and sends the rest", () => {
    const kernel = freshKernel();
    kernel.refuse(/route replace 10\.1\.2\.0/, "EINVAL", "Nexthop has invalid gateway");
    kernel.refuse(/fdb replace/, "ENOSPC");
    assert.throws(() => applyPlan(place, plannedGateway, new FilterMemory(), kernel), {
      name: "NetlinkError",
      op: "set route 10.1.2.0/24",
      code: "EINVAL",
      retryable: false,
      message: "set route 10.1.2.0/24: EINVAL (Nexthop has invalid gateway)",
    });
    const requests = kernel.requests();
    assert.match(requests, /neigh replace 10\.0\.2\.4/);
    assert.match(requests, /fdb replace .* dst 10\.244\.1\.4/);
  });

  it("sends nothing for entries if a device cannot be created", () => {
    const kernel = freshKernel();
    kernel.refuse(/link add vxlan102/, "ENOBUFS");
    assert.throws(() => applyPlan(place, plannedGateway, new FilterMemory(), kernel), {
      name: "NetlinkError",
      op: "add vxlan link vxlan102",
      code: "ENOBUFS",
      retryable: true,
    });
    assert.match(kernel.requests(), /\npod: link add vxlan102 [^\n]*$/);
  });

  it("is repaired by the next pass", () => {
    const { kernel, pod, link, pass } = appliedKernel();
    pod.remove(link("vxlan102"));
    kernel.refuse(/link set vxlan102 up/, "ENOMEM");
    assert.throws(pass, { op: "set link vxlan102", code: "ENOMEM", retryable: true });
    kernel.acceptAll();
    pass();
    assert.deepEqual(
      planned(namespaceText("pod", kernel.netlink)),
      planned(planText(plannedGateway)),
    );
  });

  it("names the device under the xfrm interface that does not exist", () => {
    const plan = gatewayPlan({ ...gatewayFacts, underlying: "bond0" });
    assert.throws(() => applyPlan(place, plan, new FilterMemory(), freshKernel()), {
      name: "NetlinkError",
      code: "ENODEV",
      message: "find device bond0 for xfrm102: ENODEV",
    });
  });

  it("names a namespace that does not exist", () => {
    const gone = { namespace: "gone" };
    assert.throws(() => applyPlan(gone, plannedGateway, new FilterMemory(), freshKernel()), {
      name: "NetlinkError",
      code: "ENOENT",
    });
  });
});
