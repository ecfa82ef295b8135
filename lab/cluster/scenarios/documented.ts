import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { LabCluster } from "../cluster.ts";
import { Workload } from "../workload.ts";

const docs = join(import.meta.dirname, "../../../docs");
const pages = ["operations.md", "runbooks.md"];

/** The commands that run until they are interrupted. */
const endless = /ipman inspect|port-forward/;

/** A Service that leads to the partner's web server. Workers have the addresses of the pool. */
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name: "web",
    namespace: "default",
    annotations: {
      "ipman.dialo.ai/ipmanName": "example-connection",
      "ipman.dialo.ai/childName": "example-child",
      "ipman.dialo.ai/poolName": "primary",
      "ipman.dialo.ai/address": "10.0.2.1",
      "ipman.dialo.ai/remote": "10.0.1.1",
    },
  },
  spec: { ports: [{ port: 80 }] },
};

/** The commands in the code blocks of a page, one per line. */
function commandsIn(page: string): string[] {
  const blocks = readFileSync(join(docs, page), "utf8").matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, language, block = ""]) =>
    language === "" ? block.split("\n").filter((line) => line.startsWith("kubectl ")) : [],
  );
}

/** Every command of the documentation, run on the present cluster. */
export function documentedScenarios(cluster: () => LabCluster): void {
  describe("the commands of the documentation", () => {
    const names = (...args: string[]) =>
      cluster()
        .kubectl("get", "-n", "ipman-system", ...args, "-o", "jsonpath={.items[0].metadata.name}")
        .trim();
    const places = (): Record<string, string> => ({
      CONNECTION: "example-connection",
      CHILD: "example-child",
      PATH: "main",
      ADDRESS: "10.0.1.1",
      AGENT: names("deployments", "-l", "ipman.dialo.ai/type=agent"),
      CHARON: names("pods", "-l", "ipman.dialo.ai/type=charon"),
      NAMESPACE: "default",
      SERVICE: "web",
      SELECTOR: "app=work",
      POD: Workload.of(cluster(), "work")[0]?.name ?? "",
    });

    function follow(command: string): void {
      const here = places();
      const line = command.replaceAll(/\b[A-Z]{3,}\b/g, (word) => here[word] ?? word);
      const limited = endless.test(line) ? `timeout 6 ${line}` : line;
      const { status, stdout, stderr } = spawnSync("bash", ["-c", limited], {
        env: cluster().userEnvironment,
        encoding: "utf8",
        cwd: cluster().folder,
      });
      const isDone = status === 0 || (endless.test(line) && status === 124);
      assert.ok(isDone, `${line}: ${status}\n${stdout}${stderr}`);
      assert.notEqual(stdout, "", `${line} prints nothing`);
    }

    before(() => {
      cluster().apply(service);
      const ready = "--for=condition=ipman.dialo.ai/Ready";
      cluster().kubectl("wait", ready, "service/web", "-n", "default", "--timeout=60s");
    });
    after(() => cluster().kubectl("delete", "service", "web", "-n", "default"));

    const all = [...new Set(pages.flatMap(commandsIn))];
    const harmful = / (delete|restart) /;
    it("has commands to follow", () => assert.ok(all.length >= 15, `${all.length}`));
    // Commands that delete or restart something come last.
    for (const command of [
      ...all.filter((one) => !harmful.test(one)),
      ...all.filter((one) => harmful.test(one)),
    ]) {
      it(command, () => follow(command));
    }

    it("leaves everything as it was", async () => {
      const wait = ["wait", "--for=condition=Ready", "--timeout=60s"];
      cluster().kubectl(...wait, "ipsecconnection/example-connection");
    });
  });
}
