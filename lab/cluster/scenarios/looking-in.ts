import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { join } from "node:path";
import { sh } from "../../sites/shell.ts";
import { launch } from "../../../test/browser/viewer.ts";
import type { LabCluster } from "../cluster.ts";

/** The commands and the inspector of an agent, as its user sees them. */
export function lookingInScenarios(cluster: () => LabCluster): void {
  describe("a user of an agent", () => {
    const agent = () => {
      const agents = ["deployments", "-n", "ipman-system", "-l", "ipman.dialo.ai/type=agent"];
      const names = cluster().kubectl("get", ...agents, "-o", "name");
      return names.trim();
    };
    const ipman = (...args: string[]) =>
      cluster().kubectl("exec", "-n", "ipman-system", agent(), "--", "ipman", ...args);

    it("sees the actors as text", () => {
      assert.match(ipman("status"), /example-connection +established/);
      const actors = ipman("inspect", "example-connection", "--once");
      assert.match(actors, /example-connection\/example-child +established/);
      assert.match(actors, /example-connection\/example-child gateway +ready/);
    });

    it("gets a diagnosis: packets of every size pass, and the workers on the other node answer", () => {
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

    describe("with kubectl ipman", () => {
      const plugin = (...args: string[]) => cluster().plugin(...args);

      it("sees the status of all agents, and a description of one connection", () => {
        const said = plugin("status");
        assert.match(said.output, /CONNECTION +CHILD +STATE +SINCE +IN +OUT/);
        assert.match(said.output, / example-child +established +\S+ +[\d.]+ [kM]?B +[\d.]+ [kM]?B/);
        assert.equal(said.status, 0);
        const { output } = plugin("describe", "example-connection");
        assert.match(output, /IKE SA +#\d+ ESTABLISHED/);
        assert.match(output, /CHILD SA +#\d+ INSTALLED, 10\.0\.2\.0\/24 with 10\.0\.1\.0\/24/);
        assert.equal((output.match(/worker +10\.0\.2\./g) ?? []).length, 2);
        assert.match(plugin("status", "-o", "yaml").output, /^---\n/);
      });

      it("diagnoses, rekeys, and reports an unknown connection", () => {
        const said = plugin("diagnose", "example-connection", "--ping", "10.0.1.1");
        assert.match(said.output, /nothing is wrong/);
        assert.match(plugin("rekey", "example-connection").output, /has a new CHILD SA/);
        const absent = plugin("diagnose", "absent");
        assert.equal(absent.status, 1);
        assert.match(absent.output, /"absent" not found/);
        assert.equal(plugin("no-such-command").status, 2);
      });

      it("merges the logs of agent and charon", () => {
        const { output } = plugin("logs", "example-connection");
        // An earlier state may end before the agent observes it.
        assert.match(output, /agent +example-connection\/example-child established/);
        // charon logs it before the agent can. containerd adds the times, and it reads both logs by
        // separate paths.
        const lines = output.split("\n");
        const at = (text: RegExp) => lines.findLast((line) => text.test(line))?.slice(0, 23) ?? "";
        const ofCharon = at(/charon +\[IKE\] IKE_SA example\[\d+\] established between/);
        const ofAgent = at(/agent +example-connection established/);
        const later = Date.parse(`${ofCharon}Z`) - Date.parse(`${ofAgent}Z`);
        assert.ok(later < 250, `${later} ms later; ${output}`);
        const times = output
          .trim()
          .split("\n")
          .map((line) => line.slice(0, 23));
        assert.deepEqual(times, times.toSorted());
      });

      it("gathers an archive for support, without a secret", () => {
        const archive = join(cluster().folder, "gathered.tar.gz");
        const said = plugin("gather", "-o", archive);
        assert.equal(said.status, 0, said.output);
        const list = sh("tar", "-tzf", archive);
        for (const file of [
          "connections.yaml",
          "workloads.yaml",
          "reservations.yaml",
          "actors.jsonl",
          "diagnosis-example-connection.txt",
        ])
          assert.match(list, new RegExp(file.replaceAll(".", "\\.")));
        assert.match(list, /logs\/charon-.*\.log/);
        const all = sh("tar", "-xzOf", archive);
        assert.match(all, /nothing is wrong/);
        assert.match(all, /name: reservations-example-connection-/);
        for (const planted of [
          "yourpresharedkey",
          Buffer.from("yourpresharedkey").toString("base64"),
        ])
          assert.ok(!all.includes(planted), planted);
        assert.doesNotMatch(all, /kind: Secret\n/);
      });
    });

    it("sees the charts in a browser, through a port-forward, and transitions as they happen", async (test) => {
      await using forwarded = await cluster().forward(agent(), 9_741);
      await using browser = await launch();
      const page = await browser.newPage({ viewport: { width: 1_500, height: 950 } });
      page.setDefaultTimeout(20_000);
      await page.goto(`http://127.0.0.1:${forwarded.port}/#example-connection%2Fexample-child`);
      await page.locator('.states .active[data-public="established"] button').click();
      await page.locator('[data-state="child.established"].active').waitFor();
      const states = await page.locator(".chart-state").count();
      assert.ok(states > 20);
      const since = performance.now();
      ipman("restart", "example-connection");
      await page.locator(".events li", { hasText: "negotiating" }).first().waitFor();
      test.diagnostic(`seen ${Math.round(performance.now() - since)} ms after the command started`);
      await page.locator('[data-state="child.established"].active').waitFor();
      await page.screenshot({ path: join(cluster().folder, "inspector.png") });
    });
  });
}
