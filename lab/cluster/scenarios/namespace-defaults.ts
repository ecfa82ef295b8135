import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import { annotation, label } from "../../../src/model/kubernetes/labels.ts";
import { noneLost } from "../../sites/pings.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough, walkThroughChild } from "../manifests.ts";
import { Workload } from "../workload.ts";

const system = ["-n", "ipman-system"] as const;
/** The namespaces that no label makes depend on an operator. */
const excepted = ["kube-system", "kube-public", "ipman-system"] as const;
const enforce = "pod-security.kubernetes.io/enforce";

type Texts = Readonly<Record<string, string>>;

interface Created extends KubeObject {
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly env?: readonly object[] }[];
    readonly initContainers?: readonly { readonly name: string }[];
  };
}

/** Pods that are attached by the annotations of their Namespace. */
export function namespaceDefaultScenarios(cluster: () => LabCluster): void {
  describe("the defaults of a namespace", () => {
    const kubectl = (...args: string[]) => cluster().kubectl(...args);
    const defaults = {
      [annotation.connection]: "example-connection",
      [annotation.child]: "example-child",
      [annotation.pool]: "shop",
    };
    const on: Texts = { [label.defaults]: "true" };
    const named: string[] = [];

    function namespace(name: string, labels: Texts, annotations: Texts): void {
      named.push(name);
      const metadata = { name, labels, annotations };
      cluster().apply({ apiVersion: "v1", kind: "Namespace", metadata });
    }

    const main = { name: "main", image: "lab:dev", imagePullPolicy: "IfNotPresent" };
    const shortly = { terminationGracePeriodSeconds: 0 };

    /** Creates a pod that no node runs. */
    async function created(place: string, name: string, annotations: Texts = {}, spec = {}) {
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: place, annotations },
        spec: { ...shortly, schedulerName: "none", containers: [main], ...spec },
      };
      return (await cluster().client.create(resourceTypes.Pod, pod)) as Created;
    }

    const removed = (place: string, name: string) =>
      cluster().client.delete(resourceTypes.Pod, { namespace: place, name });

    async function untouched(place: string, name: string, annotations: Texts = {}, spec = {}) {
      const pod = await created(place, name, annotations, spec);
      assert.equal(pod.spec.initContainers, undefined, `${place}/${name}`);
      assert.deepEqual(pod.metadata.annotations ?? {}, annotations);
      await removed(place, name);
    }

    const refused = (pod: Promise<unknown>, words: RegExp) =>
      assert.rejects(pod, (error: Error) => {
        assert.match(error.message, words);
        return true;
      });

    function declare(pools: object, rest: object = {}): void {
      const ip_pools = { primary: ["10.0.2.3/24", "10.0.2.4/24"], ...pools };
      const children = { "example-child": walkThroughChild(2, { ip_pools }) };
      cluster().apply(walkThrough("node-a", { children, ...rest }));
    }

    function scale(replicas: number): void {
      kubectl("scale", ...system, "deployment/ipman-operator", `--replicas=${replicas}`);
      const pods = ["pods", "-l", "app=ipman-controller", "--timeout=150s"];
      if (replicas === 0) kubectl("wait", ...system, "--for=delete", ...pods);
      else kubectl("rollout", "status", ...system, "deployment/ipman-operator", "--timeout=90s");
    }

    before(async () => {
      namespace("early", on, defaults);
      await untouched("early", "disabled");
      cluster().upgrade("--set", "namespaceDefaults.enabled=true", "--wait", "--timeout", "90s");
      declare(
        { shop: ["10.0.2.40-10.0.2.49/24"] },
        { allowedNamespaces: ["default", "shop", "full", "level-baseline", "level-restricted"] },
      );
      namespace("shop", on, defaults);
      namespace("plain", {}, defaults);
      // The operator writes the path of the webhook after the upgrade.
      await eventually(() => created("shop", "probe"), 60_000, 500);
      await removed("shop", "probe");
    });

    after(() => {
      for (const place of excepted) kubectl("label", "namespace", place, `${label.defaults}-`);
      kubectl("delete", "namespace", ...named, "--timeout=90s");
      cluster().upgrade("--wait", "--timeout", "90s");
      declare({});
    });

    it("attach the pods of a Deployment, a DaemonSet and a Job, whose templates stay as they are", async () => {
      const meta = (name: string) => ({ name, namespace: "shop" });
      const templateOf = (app: string, spec: object) => ({
        metadata: { labels: { app } },
        spec: { ...shortly, containers: [main], ...spec },
      });
      const of = (app: string) => ({
        selector: { matchLabels: { app } },
        template: templateOf(app, {}),
      });
      const apiVersion = "apps/v1";
      const job = { ...main, command: ["/usr/bin/ping", "-c", "1", "-W", "5", "10.0.1.1"] };
      const once = { restartPolicy: "Never", containers: [job] };
      cluster().apply(
        {
          apiVersion,
          kind: "Deployment",
          metadata: meta("web"),
          spec: { ...of("web"), replicas: 2 },
        },
        { apiVersion, kind: "DaemonSet", metadata: meta("each"), spec: of("each") },
        {
          apiVersion: "batch/v1",
          kind: "Job",
          metadata: meta("once"),
          spec: { backoffLimit: 3, template: templateOf("once", once) },
        },
      );
      kubectl("rollout", "status", "daemonset/each", "-n", "shop", "--timeout=100s");
      const pods = [
        ...Workload.started(cluster(), "web", "shop"),
        ...Workload.of(cluster(), "each", "shop"),
      ];
      assert.equal(pods.length, 4);
      assert.equal(new Set(pods.map(({ address }) => address)).size, 4);
      for (const pod of pods) {
        await eventually(() => assert.equal(pod.answered("10.0.1.1", "-c", "1"), 1));
        assert.deepEqual(await pod.pings(50, "10.0.1.1"), noneLost(50));
      }
      kubectl("wait", "--for=condition=Complete", "-n", "shop", "job/once", "--timeout=60s");
      const kinds = "deployment/web,daemonset/each,job/once";
      const templates = kubectl("get", ...kinds.split(","), "-n", "shop", "-o", "yaml");
      assert.doesNotMatch(templates, /ipman-attach|vxlanIp|requestedBy/);
      const shown = kubectl("get", "pods", "-n", "shop", "-o", "yaml");
      assert.equal(shown.match(/ipman\.dialo\.ai\/requestedBy: Namespace/g)?.length, 5);
    });

    it("leave out pods that opt out or are on their node's network, and give way to a pod's own", async () => {
      const out = { [annotation.defaults]: "false" };
      await untouched("shop", "out", out);
      await untouched("shop", "host", {}, { hostNetwork: true });
      await refused(
        created("shop", "own", { [annotation.child]: "other" }),
        /ipmanName is missing; a worker needs/,
      );
      await refused(
        created("shop", "typo", { [annotation.defaults]: "no" }),
        /defaults: is "no"; the only value is "false"/,
      );
      // The annotation has no effect in a namespace without defaults.
      await untouched("plain", "out", out);
    });

    it("do not affect other namespaces, or those of the cluster itself", async () => {
      await untouched("plain", "web");
      for (const place of excepted) {
        kubectl("label", "namespace", place, `${label.defaults}=true`);
        await untouched(place, "web");
      }
    });

    it("reserve nothing in a dry run, and are the cause of a refusal", async () => {
      const run = ["run", "dry", "-n", "shop", "--image=lab:dev", "--dry-run=server", "-o", "yaml"];
      for (const _ of [1, 2]) assert.match(kubectl(...run), /requestedBy: Namespace/);
      namespace("full", on, { ...defaults, [annotation.pool]: "none" });
      await refused(
        created("full", "web"),
        /Namespace full puts its new pods behind a tunnel .*no pool "none"; known: .*"false" is left out/,
      );
      namespace("half", on, { [annotation.child]: "example-child" });
      await refused(created("half", "web"), /ipmanName: is missing; write it on the Namespace/);
    });

    it("give a tenant nothing that an annotated pod would not get", async () => {
      namespace("tenant", on, defaults);
      const unavailable = /child "example-child" of .* is not available to namespace tenant/;
      await refused(created("tenant", "web"), unavailable);
      await refused(created("tenant", "web", defaults), unavailable);
      // The results and the mark of another pod are replaced, also in a namespace with defaults.
      const original = await created("shop", "original");
      const { annotations = {}, labels = {} } = original.metadata;
      assert.equal(labels[label.worker], "example-child");
      await refused(created("tenant", "copy", annotations), unavailable);
      const copy = await created("shop", "copy", annotations);
      assert.notEqual(
        copy.metadata.annotations?.[annotation.vxlanIp],
        annotations[annotation.vxlanIp],
      );
      assert.equal(copy.metadata.annotations?.[annotation.requestedBy], undefined);
      for (const key of [annotation.requestedBy, annotation.vxlanIp, annotation.reservation])
        await refused(created("shop", "forged", { [key]: "Namespace" }), /ipmanName is missing/);
      for (const name of ["original", "copy"]) await removed("shop", name);
    });

    it("name a remedy where Pod Security Admission refuses the init container", async () => {
      for (const level of ["baseline", "restricted"]) {
        const place = `level-${level}`;
        namespace(place, { ...on, [enforce]: level }, defaults);
        await refused(
          created(place, "web"),
          /enforce: is ".*", which refuses .*NET_ADMIN; use a Service/,
        );
        // The API server's own refusal, of a pod that is annotated.
        await refused(
          created(place, "web", defaults),
          /violates PodSecurity .*ipman-attach.*NET_A/,
        );
      }
    });

    it("reach a container that another admission plugin adds afterwards, with the same address", async () => {
      const matchConstraints = {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } },
        resourceRules: [
          { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
        ],
      };
      const expression = `has(object.spec.initContainers) && !object.spec.containers.exists(c, c.name == "late") ? [JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{name: "late", image: "lab:dev"}}] : []`;
      const apiVersion = "admissionregistration.k8s.io/v1";
      const metadata = { name: "late" };
      cluster().apply(
        {
          apiVersion,
          kind: "MutatingAdmissionPolicy",
          metadata,
          spec: {
            matchConstraints,
            reinvocationPolicy: "IfNeeded",
            failurePolicy: "Fail",
            mutations: [{ patchType: "JSONPatch", jsonPatch: { expression } }],
          },
        },
        {
          apiVersion,
          kind: "MutatingAdmissionPolicyBinding",
          metadata,
          spec: { policyName: "late" },
        },
      );
      try {
        await eventually(async () => {
          const pod = await created("shop", "sidecar");
          await removed("shop", "sidecar");
          const [own, late] = pod.spec.containers;
          assert.equal(late?.name, "late");
          assert.deepEqual(late.env, own?.env);
          assert.match(JSON.stringify(late.env), /VXLAN_IP/);
        }, 30_000);
      } finally {
        kubectl("delete", "mutatingadmissionpolicy,mutatingadmissionpolicybinding", "late");
      }
    });

    it("stop only pods that want them while no operator runs", { timeout: 250_000 }, async () => {
      scale(0);
      try {
        await untouched("plain", "web");
        for (const place of excepted) await untouched(place, "web");
        await untouched("shop", "out", { [annotation.defaults]: "false" });
        await untouched("shop", "host", {}, { hostNetwork: true });
        await refused(
          created("shop", "web"),
          /failed calling webhook "defaults\.ipman\.dialo\.ai"/,
        );
      } finally {
        scale(2);
      }
      await eventually(() => created("shop", "web"), 30_000, 500);
    });
  });
}
