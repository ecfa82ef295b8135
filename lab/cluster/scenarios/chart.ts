import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { LabCluster } from "../cluster.ts";

/** Every value of the Go operator's chart. */
const goValues = {
  global: {
    namespace: "ipman-system",
    socketPath: "/var/run/ipman/charon.vici",
    monitoring: { enabled: false, interval: "15s", release: "kube-prometheus-stack" },
  },
  controller: {
    podTimeoutSeconds: 60,
    replicaCount: 1,
    image: "example.org/operator:0.1.16",
    pullPolicy: "Always",
    podSecurityContext: { runAsNonRoot: true },
    securityContext: { allowPrivilegeEscalation: false },
    resources: { limits: { cpu: "500m", memory: "128Mi" } },
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ operator: "Exists" }],
    affinity: {},
  },
  restctl: { image: "example.org/restctl:0.1.16", pullPolicy: "Always" },
  xfrminjector: { image: "example.org/injector:0.1.16", ttlSeconds: 5 },
  vxlandlord: { image: "example.org/vxlandlord:0.1.16" },
  xfrminion: { image: "example.org/xfrminion:0.1.16" },
  charon: { image: "example.org/charon:0.1.16", pullPolicy: "Never" },
  caddy: { image: "example.org/caddy:2" },
  webhook: {
    serviceName: "webhook-service",
    mutatingWebhookName: "mutating-webhook-configuration",
    validatingWebhookName: "validating-webhook-configuration",
    certificate: { name: "cert", secretName: "webhook-server-cert", issuerName: "issuer" },
    volumes: { name: "cert" },
  },
  rbac: { create: true, clusterRoleName: "cluster-access", clusterRoleBindingName: "binding" },
  serviceAccount: { create: true, automount: true, name: "controller-manager", annotations: {} },
  podAnnotations: { "example.org/a": "b" },
  podLabels: { team: "network" },
};

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly rules?: readonly { resources: string[]; resourceNames?: string[]; verbs: string[] }[];
  readonly spec: never;
}

/** The rendered chart with various values. */
export function chartScenarios(cluster: () => LabCluster): void {
  describe("the chart", () => {
    const given = (values: object): string[] => {
      const file = join(cluster().folder, "values.yaml");
      writeFileSync(file, stringify(values));
      return [cluster().chart, "-n", "ipman-system", "-f", file];
    };
    const rendered = (values: object): Rendered[] => {
      const apis = ["monitoring.coreos.com/v1", "cert-manager.io/v1"].join(",");
      const text = cluster().helm("template", "ipman", ...given(values), "--api-versions", apis);
      return parseAllDocuments(text).map((parsed) => parsed.toJS() as Rendered);
    };
    const one = (all: readonly Rendered[], kind: string, name: string): Rendered => {
      const found = all.find((object) => object?.kind === kind && object.metadata.name === name);
      assert.ok(found !== undefined, `there is no ${kind} ${name}`);
      return found;
    };
    const operatorIn = (all: readonly Rendered[]) => {
      const { template, replicas } = one(all, "Deployment", "ipman-operator").spec as {
        replicas: number;
        template: {
          metadata: { labels: Record<string, string> };
          spec: { containers: { image: string; imagePullPolicy: string; args: string[] }[] };
        };
      };
      const [container] = template.spec.containers;
      assert.ok(container !== undefined);
      return { ...container, replicas, labels: template.metadata.labels };
    };

    it("passes helm lint", () => {
      assert.match(cluster().helm("lint", cluster().chart, "--strict"), /0 chart\(s\) failed/);
    });

    it("accepts a values file of the Go operator, and applies the values that still exist", () => {
      const all = rendered(goValues);
      const { args, image, imagePullPolicy, replicas, labels } = operatorIn(all);
      assert.equal(replicas, 1);
      assert.equal(labels["team"], "network");
      assert.equal(imagePullPolicy, "Always");
      assert.match(image, /^ipman:/);
      for (const arg of [
        "--pull-policy=Always",
        "--charon-pull-policy=Never",
        "--service=webhook-service",
        "--certificate-secret=webhook-server-cert",
        "--mutating=mutating-webhook-configuration",
        "--validating=validating-webhook-configuration",
      ])
        assert.ok(args.includes(arg), `${arg} is not among ${args.join(" ")}`);
      const mutating = one(all, "MutatingWebhookConfiguration", "mutating-webhook-configuration");
      const { webhooks } = mutating as unknown as { webhooks: { timeoutSeconds: number }[] };
      assert.deepEqual(
        new Set(webhooks.map(({ timeoutSeconds }) => timeoutSeconds)),
        new Set([30]),
      );
      one(all, "ValidatingWebhookConfiguration", "validating-webhook-configuration");
      one(all, "ServiceAccount", "controller-manager");
      const { rules = [] } = one(all, "ClusterRole", "ipman-operator");
      const named = new Set(rules.flatMap(({ resourceNames = [] }) => resourceNames));
      assert.ok(named.has("mutating-webhook-configuration"));
      assert.ok(named.has("validating-webhook-configuration"));
    });

    it("refuses reservations that end while the API server admits their pod", () => {
      const within = (podTimeoutSeconds: number, reservationSeconds: number) =>
        operatorIn(rendered({ controller: { podTimeoutSeconds, reservationSeconds } })).args;
      assert.ok(within(10, 20).includes("--pod-timeout=10"));
      // The API server waits for at most 30 seconds.
      assert.ok(within(60, 60).includes("--pod-timeout=30"));
      for (const [timeout, seconds] of [
        [10, 19],
        [60, 59],
      ] as const)
        assert.throws(
          () => within(timeout, seconds),
          /controller\.reservationSeconds is \d+, less than twice controller\.podTimeoutSeconds/,
        );
    });

    it("lists the values of such a file that have no effect", () => {
      const notes = cluster().helm("install", "dry", ...given(goValues), "--dry-run=client");
      assert.match(
        notes,
        /no longer exist: restctl, xfrminjector, vxlandlord, xfrminion, caddy, global\.socketPath, rbac\.clusterRoleName, rbac\.clusterRoleBindingName, serviceAccount\.automount, webhook\.volumes, webhook\.certificate\.name, webhook\.certificate\.issuerName\./,
      );
      assert.match(notes, /podTimeoutSeconds is 60: .* at most 30 seconds,\nso 30 is used\./);
      assert.match(notes, /images of the Go operator: controller\.image, charon\.image\./);
    });

    it("has a PodMonitor that finds the operator and its agents", () => {
      const monitoring = { enabled: true, release: "prom" };
      const all = rendered({ global: { monitoring } });
      const { metadata, spec } = one(all, "PodMonitor", "ipman");
      assert.equal((metadata as { labels?: Record<string, string> }).labels?.["release"], "prom");
      const { selector, podMetricsEndpoints } = spec as {
        selector: { matchExpressions: { key: string; values: string[] }[] };
        podMetricsEndpoints: { port: string }[];
      };
      const [expression] = selector.matchExpressions;
      assert.ok(expression !== undefined && selector.matchExpressions.length === 1);
      assert.ok(expression.values.includes(operatorIn(all).labels[expression.key] ?? ""));
      const wanted = `${expression.key} in (${expression.values.join(",")})`;
      const pods = cluster().kubectl(
        "get",
        "pods",
        "-n",
        "ipman-system",
        "-l",
        wanted,
        "-o",
        `jsonpath={range .items[*]}{.metadata.labels.ipman\\.dialo\\.ai/type}:{.spec.containers[*].ports[*].name}{"\\n"}{end}`,
      );
      for (const type of ["operator", "agent"]) {
        const found = pods.split("\n").filter((line) => line.startsWith(`${type}:`));
        assert.ok(found.length > 0, `no ${type} among\n${pods}`);
        for (const line of found)
          assert.match(line, new RegExp(podMetricsEndpoints[0]?.port ?? "-"));
      }
    });

    it("has the alerts, with the address of the runbooks", () => {
      const runbooks = "https://example.org/runbooks.md";
      const all = rendered({ global: { monitoring: { enabled: true, runbooks } } });
      const { groups } = one(all, "PrometheusRule", "ipman").spec as { groups: object[] };
      const plain = readFileSync(join(cluster().chart, "alerts.yaml"), "utf8");
      const published = plain.replaceAll("runbook_url: runbooks.md", `runbook_url: ${runbooks}`);
      assert.deepEqual(groups, (parse(published) as { groups: object[] }).groups);
      const without = rendered({ global: { monitoring: { enabled: true, rules: false } } });
      assert.ok(without.every((object) => object?.kind !== "PrometheusRule"));
    });

    it("has the dashboards if they are enabled", () => {
      const all = rendered({ global: { monitoring: { dashboards: true } } });
      const { data = {} } = one(all, "ConfigMap", "ipman-dashboards") as {
        data?: Record<string, string>;
      };
      const titles = Object.values(data).map((text) => (JSON.parse(text) as { uid: string }).uid);
      assert.deepEqual(titles.toSorted(), [
        "ipman-connection",
        "ipman-fleet",
        "ipman-pools",
        "ipman-services",
      ]);
      assert.ok(rendered({}).every((object) => object?.metadata.name !== "ipman-dashboards"));
    });

    it("leaves the paths of the webhooks to the operator, so that an upgrade keeps them", () => {
      const all = rendered({ namespaceDefaults: { enabled: true } });
      for (const kind of ["Mutating", "Validating"]) {
        const { webhooks } = one(all, `${kind}WebhookConfiguration`, "ipman-ipman") as unknown as {
          webhooks: { name: string; clientConfig: { service: Record<string, unknown> } }[];
        };
        for (const { name, clientConfig } of webhooks) {
          assert.match(name, /^(pods|defaults|declared|groups)\.ipman\.dialo\.ai$/);
          assert.deepEqual(Object.keys(clientConfig.service).toSorted(), ["name", "namespace"]);
        }
      }
    });

    it("has the defaults of namespaces only if they are enabled, and never for the cluster's own", () => {
      const off = rendered({});
      const old = rendered({ namespaceDefaults: null });
      for (const all of [off, old]) {
        const { rules = [] } = one(all, "ClusterRole", "ipman-operator");
        assert.ok(rules.every(({ resources }) => !resources.includes("namespaces")));
        assert.ok(!operatorIn(all).args.includes("--namespace-defaults"));
      }
      const webhook = { ignoredNamespaces: ["calico-system"] };
      const on = rendered({ namespaceDefaults: { enabled: true }, webhook });
      assert.ok(operatorIn(on).args.includes("--namespace-defaults"));
      const names = (all: readonly Rendered[]) => {
        const found = one(all, "MutatingWebhookConfiguration", "ipman-ipman");
        return (found as unknown as { webhooks: { name: string }[] }).webhooks;
      };
      const declared = "declared.ipman.dialo.ai";
      assert.deepEqual(
        names(off).map(({ name }) => name),
        ["pods.ipman.dialo.ai", declared],
      );
      const [pods, defaults] = names(on);
      assert.equal(pods?.name, "pods.ipman.dialo.ai");
      assert.equal(defaults?.name, "defaults.ipman.dialo.ai");
      const text = JSON.stringify(defaults);
      for (const name of ["kube-system", "kube-public", "kube-node-lease", "calico-system"])
        assert.ok(text.includes(`"${name}"`), name);
      assert.ok(text.includes('"ipman-system"'));
    });

    it("admits only the peers from the values to metrics and webhooks", () => {
      const peers = [{ ipBlock: { cidr: "10.1.0.0/28" } }];
      const rulesOf = (networkPolicy: object, name: string) => {
        const { spec } = one(rendered({ networkPolicy }), "NetworkPolicy", name);
        return (
          spec as { ingress: { ports?: { port: string | number }[]; from?: unknown }[] }
        ).ingress.map(({ ports: [port] = [], from }) => [port?.port, from]);
      };
      const named = { webhookFrom: peers, metricsFrom: peers };
      const both = [
        ["webhook", peers],
        ["metrics", peers],
      ];
      assert.deepEqual(rulesOf(named, "ipman-operator"), both);
      const agents = [
        undefined,
        [{ podSelector: { matchLabels: { "ipman.dialo.ai/type": "agent" } } }],
      ];
      assert.deepEqual(rulesOf(named, "ipman-agents"), [["metrics", peers], agents]);
      assert.deepEqual(rulesOf({}, "ipman-agents"), [["metrics", undefined], agents]);
      const ofServices = rulesOf({ servicesFrom: peers }, "ipman-gateways").at(-1);
      assert.deepEqual(ofServices, [20_000, peers]);
      assert.deepEqual(rulesOf({}, "ipman-gateways").at(-1), [20_000, undefined]);
    });

    it("lets agents read the Secrets of their connections, or all by secretAccess: namespace", () => {
      const grants = (values: object) => {
        const all = rendered(values);
        const { args } = operatorIn(all);
        const names = new Set(all.map((object) => object?.metadata.name));
        return [
          args.find((arg) => arg.startsWith("--secret-access=")),
          names.has("ipman-operator-secrets"),
          names.has("ipman-agent-secrets"),
          names.has("ipman-ipman-roles"),
        ];
      };
      assert.deepEqual(grants({}), ["--secret-access=named", true, false, true]);
      const all = ["--secret-access=namespace", false, true, false];
      assert.deepEqual(grants({ secretAccess: "namespace" }), all);
      const byHand = ["--secret-access=namespace", false, false, false];
      assert.deepEqual(grants({ rbac: { create: false } }), byHand);
    });

    it("leaves certificates to cert-manager if the values select it", () => {
      const all = rendered({ webhook: { certificate: { mode: "cert-manager" } } });
      const certificate = one(all, "Certificate", "ipman-webhook").spec as {
        secretName: string;
        dnsNames: string[];
      };
      assert.deepEqual(certificate.dnsNames, ["ipman-webhook.ipman-system.svc"]);
      const { args } = operatorIn(all);
      assert.ok(args.includes("--certificates=external"));
      assert.ok(args.includes(`--certificate-secret=${certificate.secretName}`));
      for (const kind of ["Mutating", "Validating"]) {
        const { metadata } = one(all, `${kind}WebhookConfiguration`, "ipman-ipman");
        const from = metadata.annotations?.["cert-manager.io/inject-ca-from"];
        assert.equal(from, "ipman-system/ipman-webhook");
      }
      const { rules = [] } = one(all, "Role", "ipman-operator");
      const secrets = rules.filter(({ resources }) => resources.includes("secrets"));
      assert.ok(secrets.every(({ verbs }) => !verbs.includes("list")));
    });
  });
}
