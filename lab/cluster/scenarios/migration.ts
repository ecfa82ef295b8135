import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough, workload } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

const page = join(import.meta.dirname, "../../../docs/migrate-from-go.md");
const goChart = join(import.meta.dirname, "../go-chart");
const namespace = "ipman-system";
const system = ["-n", namespace] as const;

/** The commands under a heading of the page, in their order. */
function commandsBelow(heading: string): string[] {
  const [, after = ""] = readFileSync(page, "utf8").split(`\n## ${heading}\n`);
  const [section = ""] = after.split("\n## ");
  return [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .flatMap(([, language, block = ""]) => (language === "" ? block.split("\n") : []))
    .filter((line) => line !== "");
}

/** The objects that must be kept: a kind, and a name with its namespace. */
const kept = [
  ["namespace", namespace],
  ["crd", "ipsecconnections.ipman.dialo.ai"],
  ["crd", "charongroups.ipman.dialo.ai"],
  ["ipsecconnection", "example-connection"],
  ["charongroup", "migrated", ...system],
  ["secret", "ipsec-secret", ...system],
] as const;

/** The Go operator's release becomes ipman's, by the commands of docs/migrate-from-go.md. */
export function migrationScenarios(cluster: () => LabCluster): void {
  describe("a cluster of the Go operator", () => {
    const kubectl = (...args: string[]) => cluster().kubectl(...args);

    function follow(command: string): string {
      const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
        env: cluster().userEnvironment,
        encoding: "utf8",
        cwd: cluster().folder,
      });
      assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
      return stdout;
    }
    const followAll = (heading: string) => {
      const commands = commandsBelow(heading);
      assert.ok(commands.length > 0, heading);
      return commands.map((line) => follow(line.replaceAll("GO_CHART", goChart)));
    };

    const ids = () =>
      kept.map((object) =>
        [...object.slice(0, 2), kubectl("get", ...object, "-o", "jsonpath={.metadata.uid}")].join(),
      );
    let before: string[] = [];
    /** Asserts that the objects are the same, not created again. */
    const isKept = () => {
      assert.deepEqual(ids(), before);
      const phase = kubectl("get", "namespace", namespace, "-o", "jsonpath={.status.phase}");
      assert.equal(phase, "Active");
    };

    const established = () =>
      readFileSync(join(cluster().folder, "peer", "charon.log"), "utf8").split(
        /IKE_SA example\[\d+\] established/,
      ).length;

    const ofGoOperator =
      "ipman.dialo.ai/type in (charon,restctl,xfrm),app.kubernetes.io/managed-by!=ipman";
    const left = () => kubectl("get", "pods", ...system, "-l", ofGoOperator, "-o", "name");

    /** Pods as the Go operator creates them; they outlive it. */
    function leavePods(...types: string[]): void {
      cluster().apply(...types.map(leftPod));
      const pods = types.map((type) => `pod/${type}-pod-node-a`);
      kubectl("wait", ...system, "--for=condition=Ready", "--timeout=60s", ...pods);
    }

    it("has a release, a connection with its group and Secret, and pods without an owner", async () => {
      await clear(cluster());
      await configurePeer(cluster(), [examplePeer]);
      symlinkSync(join(cluster().chart, ".."), join(cluster().folder, "charts"));
      const defaults = parse(readFileSync(join(goChart, "values.yaml"), "utf8")) as GoValues;
      // A values file with every value, and an image that exists in the lab.
      const controller = { ...defaults.controller, image: "lab:dev" };
      const podSecurityContext = { ...controller.podSecurityContext, runAsUser: 65_532 };
      const values = { ...defaults, controller: { ...controller, podSecurityContext } };
      const file = join(cluster().folder, "values-of-go.yaml");
      writeFileSync(file, stringify(values));
      const release = ["ipman", goChart, ...system, "--create-namespace", "-f", file];
      cluster().helm("install", ...release, "--wait", "--timeout", "60s");
      const key = "--from-literal=example=yourpresharedkey";
      kubectl("create", "secret", "generic", "ipsec-secret", ...system, key);
      cluster().apply(...declared);
      leavePods("charon", "restctl", "xfrm");
      before = ids();
    });

    it("is prepared", () => {
      followAll("Prepare");
      const values = {
        image: { tag: "dev" },
        charon: { image: { tag: "dev" } },
        secretNamespaces: [namespace],
      };
      writeFileSync(join(cluster().folder, "ipman-values.yaml"), stringify(values));
    });

    it("is not upgraded if that would lose objects", () => {
      const upgrade = (...options: string[]) =>
        cluster().helm("upgrade", "ipman", cluster().chart, ...system, ...options);
      assert.throws(() => upgrade("--set", "crds.enabled=false"), /crds\.enabled: .* delete it/);
      assert.throws(
        () => upgrade("--set", "global.namespace=default"),
        /set global\.namespace to ipman-system, not default/,
      );
      isKept();
    });

    it("is upgraded in place, and loses nothing", { timeout: 240_000 }, () => {
      const already = established();
      followAll("Upgrade in place");
      isKept();
      assert.equal(left(), "");
      assert.equal(established(), already + 1, "the tunnel comes up once");
      const charon = ["pods", ...system, "-l", "ipman.dialo.ai/type=charon"];
      const restarts = "jsonpath={.items[*].status.containerStatuses[*].restartCount}";
      assert.equal(kubectl("get", ...charon, "-o", restarts), "0");
    });

    it("created Deployments just after its pods had ended", () => {
      const logs = kubectl("logs", ...system, "-l", "app=ipman-controller", "--tail=-1");
      const message = "the pods of the Go operator have ended";
      const line = logs.split("\n").find((logged) => logged.includes(message)) ?? "";
      const { time, pods } = JSON.parse(line) as { time: string; pods: string[] };
      assert.equal(pods.length, 3);
      const created = kubectl(
        "get",
        "deployments",
        ...system,
        "-l",
        "app.kubernetes.io/managed-by=ipman",
        "-o",
        "jsonpath={.items[*].metadata.creationTimestamp}",
      ).split(" ");
      assert.ok(created.length >= 3);
      // The API server's times are in whole seconds, and the node's clock may be ahead of its clock.
      const endedMs = Math.floor(Date.parse(time) / 1_000) * 1_000;
      const laterMs = created.map((at) => Date.parse(at) - endedMs);
      for (const ms of laterMs) assert.ok(ms >= -1_000 && ms <= 5_000, `${ms} ms later`);
    });

    it("routes the traffic of pods that are created afterwards", async () => {
      cluster().apply(workload({ name: "migrated", node: "node-b", replicas: 1 }));
      const [pod] = Workload.started(cluster(), "migrated") as [Workload];
      await eventually(() => assert.equal(pod.answered("10.0.1.1", "-c", "1"), 1));
      assert.match(followAll("Recreate attached workloads").join("\n"), /default +migrated-/);
      kubectl("delete", "deployment", "migrated", "--timeout=60s");
    });

    it("returns to the Go operator with everything that is declared", { timeout: 180_000 }, () => {
      followAll("Return to the Go operator");
      isKept();
      // Removes the annotations that ipman's chart added.
      for (const [kind, name] of kept.slice(0, 3))
        kubectl("annotate", kind, name, "helm.sh/resource-policy-", "ipman.dialo.ai/adopted-");
      leavePods("charon");
    });

    it("is uninstalled and installed, and loses nothing", { timeout: 240_000 }, async () => {
      const already = established();
      const [, , shown = ""] = followAll("Uninstall and install");
      assert.match(shown, /secret\/ipsec-secret/);
      isKept();
      // Its status is from before the installation, so it cannot show when this is done.
      await eventually(() => assert.equal(established(), already + 1), 60_000, 250);
      assert.equal(left(), "");
    });

    it("keeps the same objects if Helm 3 installed the release from another namespace, without values", async () => {
      cluster().helm("uninstall", "ipman", ...system, "--wait", "--timeout", "90s");
      await clear(cluster());
      const none = ["--set", "controller.replicaCount=0"];
      cluster().helm("install", "ipman", goChart, "--server-side=false", ...none);
      kubectl("create", "secret", "generic", "ipsec-secret", ...system, "--from-literal=example=x");
      cluster().apply(...declared);
      before = ids();
      cluster().helm("upgrade", "ipman", cluster().chart, ...none);
      isKept();
      kubectl("get", ...system, "deployment/ipman-operator");
      // The Go operator's chart is replaced now, and ipman stays in the same namespace.
      cluster().helm("upgrade", "ipman", cluster().chart, ...none, "--set", "logLevel=debug");
      isKept();
      kubectl("get", ...system, "deployment/ipman-operator");
      cluster().helm("uninstall", "ipman", "--wait", "--timeout", "60s");
      isKept();
    });
  });
}

interface GoValues {
  readonly controller: { readonly podSecurityContext: object };
}

/** A connection of the Go operator names a CharonGroup, and here a Secret in its namespace. */
const declared = [
  {
    apiVersion: "ipman.dialo.ai/v1",
    kind: "CharonGroup",
    metadata: { name: "migrated", namespace },
    spec: { hostNetwork: true, nodeName: "node-a" },
  },
  withoutNode({
    secretRef: { name: "ipsec-secret", namespace, key: "example" },
    groupRef: { name: "migrated", namespace },
  }),
];

function withoutNode(changes: object) {
  const { spec, ...connection } = walkThrough("node-a", changes);
  const { nodeName: _, ...rest } = spec;
  return { ...connection, spec: rest };
}

function leftPod(type: string) {
  const labels = {
    "ipman.dialo.ai/type": type,
    "ipman.dialo.ai/group": "migrated",
    "ipman.dialo.ai/groupNamespace": namespace,
  };
  const script = "trap exit TERM; while :; do /bin/busybox sleep 1; done";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${type}-pod-node-a`, namespace, labels },
    spec: {
      hostNetwork: type === "charon",
      nodeName: "node-a",
      restartPolicy: "Never",
      containers: [
        {
          name: type,
          image: "lab:dev",
          imagePullPolicy: "IfNotPresent",
          command: ["/bin/busybox", "sh", "-c", script],
        },
      ],
    },
  };
}

/** Removes everything of an earlier release, including the objects that it keeps. */
async function clear(cluster: LabCluster): Promise<void> {
  for (const crd of ["ipsecconnections", "charongroups"])
    cluster.kubectl("delete", "crd", `${crd}.ipman.dialo.ai`, "--ignore-not-found");
  cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--timeout=90s");
}
