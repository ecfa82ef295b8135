import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Prometheus } from "./prometheus.ts";

/**
 * Scenarios of which each mends itself before anybody is to be woken, by the rules as they are shipped.
 *
 * @param start what it gives to the stack ends after the scenarios
 */
export function withoutWakingAnybody(
  start: (owned: AsyncDisposableStack) => Promise<Prometheus>,
  scenarios: (prometheus: () => Prometheus) => void,
): void {
  describe("while a Prometheus judges by the rules as they are shipped", () => {
    const owned = new AsyncDisposableStack();
    let prometheus: Prometheus;

    before(async () => {
      prometheus = await start(owned);
    });
    after(() => owned.disposeAsync());

    scenarios(() => prometheus);

    it("would have fired, and did not", async () => {
      assert.ok((await prometheus.alerts("pending")).length > 0, "it saw that something was wrong");
      assert.deepEqual(await prometheus.alerts("firing"), []);
    });
  });
}
