import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { join } from "node:path";
import { launch } from "../../../test/browser/viewer.ts";
import type { LabCluster } from "../cluster.ts";

/** What a person sees of a connection from inside its agent's pod. */
export function lookingInScenarios(cluster: () => LabCluster): void {
  describe("a person who looks in", () => {
    const agent = () => {
      const agents = ["deployments", "-n", "ipman-system", "-l", "ipman.dialo.ai/type=agent"];
      const names = cluster().kubectl("get", ...agents, "-o", "name");
      return names.trim();
    };
    const ipman = (...args: string[]) =>
      cluster().kubectl("exec", "-n", "ipman-system", agent(), "--", "ipman", ...args);

    it("has the actors as text", () => {
      assert.match(ipman("status"), /example-connection +established/);
      const actors = ipman("inspect", "example-connection", "--once");
      assert.match(actors, /example-connection\/example-child +established/);
      assert.match(actors, /example-connection\/example-child gateway +ready/);
    });

    it("has a diagnosis: packets of every size pass, and the workers on the other node answer", () => {
      const said = ipman("diagnose", "example-connection", "--ping", "10.0.1.1", "--rekey");
      assert.match(said, /^example-connection: nothing is wrong/, said);
      for (const check of [
        "workers +all 2 answer",
        "traffic +10.0.1.1 answers",
        "packet size",
        "rekey",
      ])
        assert.match(said, new RegExp(`✓ ${check}`), said);
    });

    it("has the charts in a browser, through a port-forward, and sees what happens", async (test) => {
      await using forwarded = await cluster().forward(agent(), 9_741);
      await using browser = await launch();
      const page = await browser.newPage({ viewport: { width: 1_500, height: 950 } });
      page.setDefaultTimeout(20_000);
      await page.goto(`http://127.0.0.1:${forwarded.port}/#example-connection%2Fexample-child`);
      await page.locator('[data-state="child.established"].active').waitFor();
      const { states } = (await page.evaluate(
        "({ states: document.querySelectorAll('.chart-state').length })",
      )) as { states: number };
      assert.ok(states > 20);
      const since = performance.now();
      ipman("restart", "example-connection");
      await page.locator(".events li", { hasText: "negotiating" }).first().waitFor();
      test.diagnostic(`seen ${Math.round(performance.now() - since)} ms after the order was given`);
      await page.locator('[data-state="child.established"].active').waitFor();
      await page.screenshot({ path: join(cluster().folder, "inspector.png") });
    });
  });
}
