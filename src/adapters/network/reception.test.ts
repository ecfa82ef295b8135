import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { appliedKernel, freshKernel, place } from "../../../test/simulator/kernel/applied.ts";
import { gatewayFacts, sharingFacts, workerOf } from "../../../test/simulator/kernel/plans.ts";
import { gatewayPlan } from "../../model/network/gateway-plan.ts";
import { FilterMemory } from "../nftables/apply-rules.ts";
import { NftError } from "../nftables/libnftables.ts";
import { applyPlan, driftOf } from "./apply-plan.ts";
import type { Kernel } from "./kernel.ts";

const plan = gatewayPlan(sharingFacts);
const alone = gatewayPlan(gatewayFacts);
const [mac, common] = [plan, alone].map(
  ({ links }) => links.flatMap((link) => (link.kind === "vxlan" ? [link.mac] : []))[0],
);
const table = "ipman_reception_vxlan102";

/** A kernel whose nf_tables has no tables at devices. */
function withoutNetdev({ nft, ...kernel }: Kernel): Kernel {
  const refusing = (run: typeof nft.run): typeof nft.run => {
    return (op, namespace, commands) => {
      if (commands.includes("netdev")) throw new NftError(op, "Operation not supported");
      run(op, namespace, commands);
    };
  };
  return { ...kernel, nft: { run: refusing(nft.run), check: refusing(nft.check) } };
}

describe("a gateway's device that receives by the common address", () => {
  it("has the rules for it before it is up", () => {
    const kernel = freshKernel();
    applyPlan(place, plan, new FilterMemory(), kernel);
    const requests = kernel.requests().split("\n");
    const position = (part: string) => requests.findIndex((line) => line.includes(part));
    assert.ok(position("link add vxlan102") < position(`nft table netdev ${table}`));
    assert.ok(position(`nft table netdev ${table}`) < position("link set vxlan102 up"));
    assert.ok(kernel.requests() === "");
  });

  it("is as planned after one pass", () => {
    const { kernel, link, pass, drift } = appliedKernel(plan);
    assert.equal(link("vxlan102").mac, mac);
    assert.deepEqual(drift(), []);
    assert.equal(pass(), 0);
    assert.equal(kernel.requests(), "");
  });

  for (const [name, commands] of [
    ["deleted", `delete table netdev ${table}`],
    ["flushed", `flush chain netdev ${table} reception`],
  ] as const) {
    it(`gets its rules again after they were ${name}`, () => {
      const { kernel, pass, drift } = appliedKernel(plan);
      kernel.nft.run("damage", "pod", commands);
      assert.deepEqual(drift(), [`set packet filter ${table}`]);
      assert.equal(pass(), 1);
      assert.equal(pass(), 0);
    });
  }

  it("gets its rules again if it was created again, even without a known state", () => {
    const { kernel, pod, link } = appliedKernel(plan);
    pod.remove(link("vxlan102"));
    kernel.requests();
    applyPlan(place, plan, new FilterMemory(), kernel);
    assert.match(kernel.requests(), new RegExp(`nft delete table netdev ${table}`));
  });

  it("has one address for all if the kernel lacks the rules, until it has them", () => {
    const kernel = freshKernel();
    const memory = new FilterMemory();
    const lacking = withoutNetdev(kernel);
    applyPlan(place, plan, memory, lacking);
    const device = () => kernel.namespace("pod").find("vxlan102");
    assert.equal(device()?.mac, common);
    assert.equal(device()?.up, true);
    assert.equal(applyPlan(place, plan, memory, lacking).changes, 0);
    assert.deepEqual(driftOf("pod", plan, memory, lacking), []);
    assert.notEqual(applyPlan(place, plan, memory, kernel).changes, 0);
    assert.equal(device()?.mac, mac);
  });

  it("changes its addresses as workers come and go, and receives by the common one throughout", () => {
    const { kernel, link } = appliedKernel(plan);
    const memory = new FilterMemory();
    const workers = [...sharingFacts.workers, workerOf("10.0.2.5/24", "10.244.0.5")];
    applyPlan(place, gatewayPlan({ ...sharingFacts, workers }), memory, kernel);
    assert.equal(link("vxlan102").mac, common);
    kernel.requests();
    applyPlan(place, plan, memory, kernel);
    assert.equal(link("vxlan102").mac, mac);
    assert.doesNotMatch(kernel.requests(), /link (add|del)/);
  });
});
