import assert from "node:assert/strict";
import { FilterMemory } from "../../../src/adapters/nftables/apply-rules.ts";
import { applyPlan, driftOf } from "../../../src/adapters/network/apply-plan.ts";
import { SimulatedKernel } from "./kernel.ts";
import { plannedGateway } from "./plans.ts";

/** The namespaces of {@link freshKernel}. */
export const place = { namespace: "pod", charonNamespace: "charon" };

/** A kernel with a pod's namespace and charon's. */
export function freshKernel(): SimulatedKernel {
  const kernel = new SimulatedKernel();
  kernel.create("charon");
  const pod = kernel.create("pod");
  pod.add({ name: "eth0", kind: "veth", up: true, mac: "02:44:00:00:00:01" });
  return kernel;
}

/** A kernel to which a plan has been applied. */
export function appliedKernel(plan = plannedGateway) {
  const kernel = freshKernel();
  const memory = new FilterMemory();
  applyPlan(place, plan, memory, kernel);
  kernel.requests();
  const pod = kernel.namespace("pod");
  const link = (name: string) => pod.find(name) ?? assert.fail(`there is no ${name}`);
  const pass = () => applyPlan(place, plan, memory, kernel).changes;
  return { kernel, pod, link, pass, drift: () => driftOf("pod", plan, memory, kernel) };
}

/** The lines of a text, sorted, without those about the pod's own device. */
export function planned(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => !line.startsWith("link eth0"))
    .toSorted();
}

/** Removes the indentation of a template string. */
function dedent(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

const macs = plannedGateway.neighbours.map(({ mac }) => mac);
const [vxlanPlan] = plannedGateway.links.flatMap((link) => (link.kind === "vxlan" ? [link] : []));

/** Removes indentation, and replaces GATEWAY and WORKERn by their derived MAC addresses. */
export function withMacs(text: string): string {
  return dedent(text)
    .replaceAll("WORKER3", macs[0] ?? "")
    .replaceAll("WORKER4", macs[1] ?? "")
    .replaceAll("GATEWAY", vxlanPlan?.mac ?? "");
}

/** A change that another program made to a namespace that was as planned. */
export type Damage = (applied: ReturnType<typeof appliedKernel>) => void;

/** Checks that a pass repairs a damage with exactly these requests, and the next one sends none. */
export function assertRepair(damage: Damage, repair: string, drift = ""): void {
  const applied = appliedKernel();
  damage(applied);
  assert.equal(applied.drift().join("\n"), withMacs(drift));
  applied.pass();
  assert.equal(applied.kernel.requests(), withMacs(repair));
  assert.equal(applied.pass(), 0);
  assert.equal(applied.kernel.requests(), "");
}
