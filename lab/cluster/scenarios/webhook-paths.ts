import assert from "node:assert/strict";
import { request } from "node:https";
import { describe, it } from "node:test";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough } from "../manifests.ts";

const namespace = "ipman-system";
const key = { namespace, name: "ipman-webhook-path" };

/** The secret paths of the webhooks, on the real API server and with the real Helm. */
export function webhookPathScenarios(cluster: () => LabCluster): void {
  describe("the webhooks' paths", () => {
    const paths = () =>
      ["mutating", "validating"].flatMap((kind) =>
        cluster()
          .kubectl(
            "get",
            `${kind}webhookconfiguration`,
            "ipman-ipman",
            "-o",
            "jsonpath={.webhooks[*].clientConfig.service.path}",
          )
          .split(" "),
      );

    /** The API server calls the webhooks: one of them refuses a manifest. */
    const isAnswered = () => {
      const bad = walkThrough("node-a", { name: "other", localId: "" });
      assert.throws(
        () => cluster().apply({ ...bad, metadata: { name: "other" } }),
        /spec\.localId/,
      );
    };

    async function replicas(): Promise<string[]> {
      const selector = { labelSelector: "app=ipman-controller" };
      const addresses: string[] = [];
      await cluster().client.list(resourceTypes.Pod, { namespace }, selector, (pod) => {
        const { status } = pod as KubeObject & { status?: { podIP?: string } };
        if (status?.podIP !== undefined) addresses.push(status.podIP);
      });
      return addresses;
    }

    it("are secret, and no other path is answered", async () => {
      for (const path of paths()) assert.match(path, /^\/[a-z]+\/\d+\/[0-9a-f]{64}$/);
      for (const host of await replicas()) {
        for (const path of ["/", "/pods", "/declared", `${paths()[0]}0`])
          assert.equal(await statusOf(host, path), 404);
      }
      isAnswered();
    });

    it("stay the same when Helm upgrades the chart", () => {
      const before = paths();
      cluster().upgrade("--wait", "--timeout", "90s", "--set", "controller.podTimeoutSeconds=9");
      isAnswered();
      assert.ok(paths().every((path) => path !== ""));
      // The same paths, or those of the next generation if another replica leads now.
      assert.equal(paths().length, before.length);
      cluster().upgrade("--wait", "--timeout", "90s");
      isAnswered();
    });

    it("are written again after a configuration was replaced", async () => {
      const name = "ipman-ipman";
      const type = resourceTypes.MutatingWebhookConfiguration;
      const object = await cluster().client.get<
        KubeObject & { webhooks: { clientConfig: { service: { path?: string } } }[] }
      >(type, { name });
      const webhooks = object.webhooks.map((webhook) => {
        const { path: _, ...service } = webhook.clientConfig.service;
        return { ...webhook, clientConfig: { ...webhook.clientConfig, service } };
      });
      await cluster().client.replace(type, { ...object, webhooks } as typeof object);
      await eventually(() => assert.ok(paths().every((path) => path !== "")), 10_000, 100);
      isAnswered();
    });

    it("have another key after the Secret was deleted", async () => {
      const before = paths();
      await cluster().client.delete(resourceTypes.Secret, key);
      const areOthers = () => assert.ok(paths().every((path) => !before.includes(path)));
      await eventually(areOthers, 20_000, 250);
      await eventually(isAnswered, 20_000, 500);
    });
  });
}

function statusOf(host: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host, port: 9443, path, method: "POST", rejectUnauthorized: false };
    const call = request({ ...options, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on("error", reject);
    call.end("{}");
  });
}
