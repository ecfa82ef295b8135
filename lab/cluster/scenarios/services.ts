import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import {
  renamed,
  restrictedNamespace,
  restrictedPod,
  walkThrough,
  walkThroughChild,
} from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";
import { serviceDiagnosisScenarios } from "./service-diagnosis.ts";

const site = (script: string) => join(import.meta.dirname, "../../sites", script);
const identities = { localId: "node.services", remoteId: "peer.services" };
const child = walkThroughChild(4, { ip_pools: { primary: ["10.0.4.10-10.0.4.29/24"] } });
const partner = "10.0.3.1";
const named = {
  "ipman.dialo.ai/ipmanName": "services",
  "ipman.dialo.ai/childName": "example-child",
  "ipman.dialo.ai/poolName": "primary",
};
const namespace = "shop";
const remote = "caller";

/** Answers with the name of its pod and the address of its client. */
function greeters(name: string, replicas: number, annotations: object = {}) {
  const env = [{ name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }];
  const main = {
    name: "main",
    image: "ipman:dev",
    imagePullPolicy: "IfNotPresent",
    // The first process of a container ignores SIGTERM: it serves until its time is over.
    command: ["node", "/lab/greeter.ts", "$(NAME)", "8080"],
    env,
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    volumeMounts: [{ name: "lab", mountPath: "/lab" }],
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: { app: name }, annotations },
        spec: {
          terminationGracePeriodSeconds: 5,
          volumes: [{ name: "lab", configMap: { name: "greeter" } }],
          containers: [main],
        },
      },
    },
  };
}

function exposed(app: string) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: app, namespace, annotations: named },
    spec: {
      type: "LoadBalancer",
      loadBalancerClass: "ipman.dialo.ai/tunnel",
      allocateLoadBalancerNodePorts: false,
      selector: { app },
      ports: [{ name: "greeting", port: 443, targetPort: 8080 }],
    },
  };
}

const partnersServer = {
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name: "partner",
    namespace: remote,
    annotations: { ...named, "ipman.dialo.ai/remote": partner },
  },
  spec: { ports: [{ name: "greeting", port: 5432, targetPort: 5433 }] },
};

type Answers = Record<string, number>;

const sumOf = (answers: Answers) => Object.values(answers).reduce((sum, count) => sum + count, 0);
const failuresIn = (answers: Answers) =>
  Object.keys(answers).filter((answer) => !answer.includes(" "));

/** Services that the partner reaches, and the partner as a Service. */
export function serviceScenarios(cluster: () => LabCluster): void {
  const kubectl = (...args: string[]) =>
    cluster()
      .kubectl(...args)
      .trim();
  const jsonpath = (path: string, ...args: string[]) =>
    kubectl("get", ...args, "-o", `jsonpath={${path}}`);
  /** Asks from the partner's site. */
  const ask = async (address: string, count: number) =>
    JSON.parse(
      await cluster().peer.sh(`node ${site("ask.ts")} ${address} 443 ${count}`),
    ) as Answers;
  const addressOf = (name: string) =>
    eventually(
      () => {
        const ip = jsonpath(".status.loadBalancer.ingress[0].ip", "service", name, "-n", namespace);
        assert.match(ip, /^10\.0\.4\.\d+$/);
        return ip;
      },
      30_000,
      250,
    );
  describe("Services by a tunnel", () => {
    before(async () => {
      await configurePeer(cluster(), [
        examplePeer,
        {
          name: "services",
          localId: identities.remoteId,
          remoteId: identities.localId,
          secret: "yourpresharedkey",
          children: [{ name: "example-child", local: "10.0.3.0/24", remote: "10.0.4.0/24" }],
        },
      ]);
      const greeter = readFileSync(site("greeter.ts"), "utf8");
      cluster().apply(
        { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
        restrictedNamespace(remote),
        renamed(
          "services",
          walkThrough("node-a", {
            name: "services",
            ...identities,
            children: { "example-child": child },
          }),
        ),
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "greeter", namespace },
          data: { "greeter.ts": greeter },
        },
      );
      kubectl("wait", "--for=condition=Ready", "--timeout=60s", "ipsecconnection/services");
      cluster().apply(greeters("web", 3), exposed("web"), partnersServer, restrictedPod(remote));
      await cluster().peer.sh(
        `nohup node ${site("greeter.ts")} partner 5433 >/dev/null 2>&1 & echo $! >/run/greeter.pid`,
      );
      kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=100s");
    });
    after(async () => {
      kubectl("delete", "namespace", namespace, remote, "--ignore-not-found", "--timeout=90s");
      kubectl("delete", "ipsecconnection", "services", "--ignore-not-found");
      await cluster().peer.sh("kill $(cat /run/greeter.pid) || true");
      await configurePeer(cluster(), [examplePeer]);
    });

    it("distribute the partner's connections evenly", { timeout: 180_000 }, async () => {
      const address = await addressOf("web");
      await eventually(
        async () => assert.deepEqual(failuresIn(await ask(address, 3)), []),
        30_000,
        500,
      );
      const answers = await ask(address, 4_000);
      assert.deepEqual(failuresIn(answers), []);
      assert.equal(Object.keys(answers).length, 3);
      for (const count of Object.values(answers))
        assert.ok(Math.abs(count - 4_000 / 3) < 400 / 3, JSON.stringify(answers));
    });

    it("lose no connection while a Deployment rolls over", { timeout: 240_000 }, async () => {
      const address = await addressOf("web");
      const before = new Set(Workload.of(cluster(), "web", namespace).map(({ name }) => name));
      kubectl("rollout", "restart", "deployment/web", "-n", namespace);
      const total: Answers = {};
      let isNew = false;
      for (let round = 0; round < 40 && !(isNew && sumOf(total) >= 1_000); round++) {
        const answers = await ask(address, 200);
        for (const [answer, count] of Object.entries(answers))
          total[answer] = (total[answer] ?? 0) + count;
        isNew = Object.keys(answers).every((answer) => !before.has(answer.split(" ")[0] ?? ""));
      }
      assert.ok(isNew, JSON.stringify(total));
      assert.deepEqual(failuresIn(total), []);
    });

    it("show the gateway to pods, and the partner to workers", { timeout: 180_000 }, async () => {
      const web = await addressOf("web");
      const seen = new Set(Object.keys(await ask(web, 30)).map((answer) => answer.split(" ")[1]));
      assert.equal(seen.size, 1);
      assert.match([...seen].join(), /^10\.244\.1\./);
      cluster().apply(greeters("attached", 1, named), exposed("attached"));
      kubectl("rollout", "status", "deployment/attached", "-n", namespace, "--timeout=100s");
      const attached = await addressOf("attached");
      await eventually(
        async () => {
          const [answer = "", ...others] = Object.keys(await ask(attached, 5));
          assert.match(answer, new RegExp(`^attached-\\S+ ${partner.replaceAll(".", "\\.")}$`));
          assert.deepEqual(others, []);
        },
        30_000,
        500,
      );
    });

    it("get their rules back within two seconds after another program removed them", async () => {
      const { name } = ownGateway();
      const netns = await new Workload(cluster(), name, "ipman-system").networkNamespace("node-a");
      const rules = `nsenter --net=${netns} nft list map inet ipman exposed`;
      const removed = `nsenter --net=${netns} nft flush map inet ipman exposed`;
      const millisecond = "date +%s%3N";
      const output = await cluster().nodes["node-a"].sh(
        `${removed}; ${millisecond}; for i in $(seq 100); do ${rules} | grep -q ' 443 : ' && break; sleep 0.05; done; ${millisecond}; ${rules}`,
      );
      const [from, to] = output.split("\n").map(Number) as [number, number];
      process.stdout.write(`      after ${to - from} ms\n`);
      assert.match(output, / 443 : \w+ member_/);
      assert.ok(to - from <= 2_000, output);
    });

    it("are listed for users, with the number of their endpoints", () => {
      const { output } = cluster().plugin("describe", "services");
      assert.match(output, /service +10\.0\.4\.\d+:443 tcp +shop\/web to 3 endpoints/);
      assert.match(output, /service +gateway port 2\d{4} tcp +caller\/partner to 10\.0\.3\.1:5433/);
    });

    /** The pod of the gateway. */
    function ownGateway() {
      const labels = "ipman.dialo.ai/type=xfrm";
      const listed = kubectl("get", "pods", "-n", "ipman-system", "-l", labels, "-o", "json");
      const { items } = JSON.parse(listed) as {
        items: { metadata: { name: string; annotations?: Record<string, string> } }[];
      };
      const own = items.find(
        ({ metadata }) => metadata.annotations?.["ipman.dialo.ai/ipmanName"] === "services",
      );
      return own?.metadata ?? { name: "" };
    }

    it("are listed with the operator's answers", () => {
      const { output } = cluster().plugin("describe", "services");
      assert.match(output, /✓ shop\/web +example-child exposed 10\.0\.4\.\d+ 443\/tcp\n/);
      assert.match(output, /✓ caller\/partner +example-child remote 10\.0\.3\.1 5432\/tcp\n/);
    });

    serviceDiagnosisScenarios(cluster, {
      namespace,
      partner: `${remote}/partner`,
      named,
      host: partner,
    });

    const callPartner = () => {
      const ip = jsonpath(".spec.clusterIP", "service", "partner", "-n", remote);
      const call = `(echo ?; sleep 1) | curl -sN -m 1 telnet://${ip}:5432 || true`;
      return new Workload(cluster(), "caller", remote).sh(call).trim();
    };

    it(
      "lead a pod of a restricted namespace to the partner, also after the gateway's pod was replaced",
      {
        timeout: 180_000,
      },
      async () => {
        const calls = () =>
          eventually(() => assert.match(callPartner(), /^partner 10\.0\.4\.\d+$/), 60_000, 500);
        kubectl("wait", "--for=condition=Ready", "pod/caller", "-n", remote, "--timeout=60s");
        await calls();
        kubectl("delete", "pod", ownGateway().name, "-n", "ipman-system", "--timeout=60s");
        await calls();
        await pause(1_000);
        assert.match(callPartner(), /^partner /);
      },
    );
  });
}
