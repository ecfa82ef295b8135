import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "prom-client";
import { errorsIn } from "../../../adapters/xfrm/xfrm-errors.ts";
import { showXfrmErrors } from "./kernel-metrics.ts";

/** The counters as the kernel writes them. */
const text =
  "XfrmInError             \t0\nXfrmInNoStates          \t5\nXfrmFwdHdrError         \t2\n";

async function shown(xfrmErrors: () => ReadonlyMap<string, number>): Promise<string[]> {
  const registry = new Registry();
  showXfrmErrors(registry, { xfrmErrors });
  await registry.metrics();
  return (await registry.metrics()).split("\n").filter((line) => /^\w+\{/.test(line));
}

describe("the kernel's counters of IPsec errors", () => {
  it("are shown one by one, unchanged", async () => {
    assert.deepEqual(await shown(() => errorsIn(text)), [
      'ipman_xfrm_errors_total{counter="XfrmInError"} 0',
      'ipman_xfrm_errors_total{counter="XfrmInNoStates"} 5',
      'ipman_xfrm_errors_total{counter="XfrmFwdHdrError"} 2',
    ]);
  });

  it("are absent while charon is away, and on a kernel without these counters", async () => {
    const away = () => {
      throw new Error("charon is away");
    };
    assert.deepEqual(await shown(away), []);
    assert.deepEqual(await shown(() => errorsIn("")), []);
  });
});
