import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { KubeError } from "../../../src/adapters/kubernetes/client/kube-error.ts";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import {
  reservationsName,
  readReservations,
} from "../../../src/model/addresses/connection-reservations.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { renamed, walkThrough, walkThroughChild } from "../manifests.ts";

const prefix = "ipman.dialo.ai/";
const namespace = "default";

/** The effects of the webhooks on pods and connections, on a real API server. */
export function admissionScenarios(cluster: () => LabCluster): void {
  describe("admission", () => {
    const pool = ["10.0.9.10-10.0.9.19/24"];
    const big = walkThroughChild(9, { name: "big", if_id: 999, ip_pools: { primary: pool } });

    before(async () => {
      const changes = {
        name: "admission",
        remoteId: "absent",
        children: { big },
        allowedNamespaces: ["default"],
      };
      cluster().apply(renamed("admission", walkThrough("node-a", changes)));
      await eventually(() => pending({ name: "probe" }), 60_000, 500);
      await gone("probe");
    });

    after(() => {
      cluster().kubectl("delete", "pods", "-n", namespace, "-l", "test=admission", "--wait=false");
      cluster().kubectl("delete", "ipsecconnection", "admission", "--wait=false");
    });

    interface PodOptions {
      readonly name: string;
      readonly annotations?: Readonly<Record<string, string | undefined>>;
      readonly spec?: object;
      readonly place?: string;
    }

    /** Creates a pod that no node runs: only the API server handles it. */
    async function pending({ name, annotations = {}, spec = {}, place = namespace }: PodOptions) {
      const target = {
        [`${prefix}childName`]: "big",
        [`${prefix}ipmanName`]: "admission",
        [`${prefix}poolName`]: "primary",
        ...annotations,
      };
      const given = Object.entries(target).filter(([, value]) => value !== undefined);
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name,
          namespace: place,
          labels: { test: "admission" },
          annotations: Object.fromEntries(given) as Record<string, string>,
        },
        spec: {
          schedulerName: "none",
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "main", image: "lab:dev", env: [{ name: "OWN", value: "1" }] }],
          ...spec,
        },
      };
      return (await cluster().client.create(resourceTypes.Pod, pod)) as Pod;
    }

    /** Deletes a pod and waits until its address is free again. */
    async function gone(name: string): Promise<void> {
      await remove(name);
      await eventually(async () => assert.deepEqual(await reserved(), []), 10_000, 100);
    }

    /** The addresses that are reserved. */
    async function reserved(): Promise<string[]> {
      const place = { namespace: "ipman-system", name: reservationsName("admission") };
      const reservations = readReservations(
        await cluster().client.get(resourceTypes.ConfigMap, place),
      );
      return Object.keys(reservations.pending);
    }

    const remove = (name: string) =>
      cluster().client.delete(resourceTypes.Pod, { namespace, name });

    async function denied(options: PodOptions, words: RegExp): Promise<void> {
      await assert.rejects(pending(options), (error: unknown) => {
        assert.ok(error instanceof KubeError);
        assert.match(error.message, words);
        return true;
      });
    }

    it("sets the annotations, label and environment that existing workloads read", async () => {
      const pod = await pending({ name: "first" });
      const { annotations = {}, labels = {} } = pod.metadata;
      assert.equal(annotations[`${prefix}vxlanIp`], "10.0.9.10/24");
      assert.equal(annotations[`${prefix}interfaceId`], "999");
      assert.equal(annotations[`${prefix}remoteIps`], '["10.0.8.0/24"]');
      assert.equal(labels[`${prefix}worker`], "big");
      assert.equal(pod.spec.initContainers?.[0]?.name, "ipman-attach");
      assert.deepEqual(pod.spec.containers[0]?.env, [
        { name: "OWN", value: "1" },
        { name: "VXLAN_IP", value: "10.0.9.10" },
      ]);
      await gone("first");
    });

    it("does not change other pods", async () => {
      const none = { [`${prefix}childName`]: undefined, [`${prefix}ipmanName`]: undefined };
      const annotations = { ...none, [`${prefix}poolName`]: undefined };
      const pod = await pending({ name: "other", annotations });
      assert.equal(pod.spec.initContainers, undefined);
      await remove("other");
    });

    it("denies a pod with a message that names the missing or invalid value", async () => {
      const without = (name: string) => ({ annotations: { [`${prefix}${name}`]: undefined } });
      await denied({ name: "x", ...without("poolName") }, /ipman\.dialo\.ai\/poolName is missing/);
      const other = (name: string, value: string) => ({
        annotations: { [`${prefix}${name}`]: value },
      });
      await denied(
        { name: "x", ...other("ipmanName", "no") },
        /IPSecConnection "no" is not available to namespace/,
      );
      await denied(
        { name: "x", ...other("childName", "no") },
        /child "no" of IPSecConnection "admission" is not available/,
      );
      await denied({ name: "x", ...other("poolName", "no") }, /no pool "no"; known: primary/);
      await denied({ name: "x", ...other("address", "10.1.1.1") }, /is not an address of pool/);
      await denied({ name: "x", spec: { hostNetwork: true } }, /spec\.hostNetwork/);
    });

    it("refuses pods of namespaces that may not join", async () => {
      cluster().kubectl("create", "namespace", "elsewhere");
      await denied({ name: "x", place: "elsewhere" }, /is not available to namespace elsewhere/);
      cluster().kubectl("delete", "namespace", "elsewhere", "--wait=false");
    });

    it("assigns the requested address, and no other", async () => {
      const wish = { annotations: { [`${prefix}address`]: "10.0.9.15" } };
      const pod = await pending({ name: "wish", ...wish });
      assert.equal(pod.metadata.annotations?.[`${prefix}vxlanIp`], "10.0.9.15/24");
      await denied({ name: "rival", ...wish }, /10\.0\.9\.15 of pool "primary" is taken/);
      await gone("wish");
    });

    it("assigns the address of its ordinal to a StatefulSet's pod each time", async () => {
      const keep = { annotations: { [`${prefix}keepAddress`]: "true" } };
      for (let i = 0; i < 3; i++) {
        const pod = await pending({ name: "db-3", ...keep });
        assert.equal(pod.metadata.annotations?.[`${prefix}vxlanIp`], "10.0.9.13/24");
        await remove("db-3");
      }
      await denied({ name: "db", ...keep }, /is for pods of a StatefulSet/);
    });

    it("reserves nothing in a dry run", async () => {
      const dry = () =>
        cluster().kubectl(
          "run",
          "dry",
          "--image=lab:dev",
          "--dry-run=server",
          "-o",
          "yaml",
          `--annotations=${prefix}childName=big`,
          `--annotations=${prefix}ipmanName=admission`,
          `--annotations=${prefix}poolName=primary`,
        );
      assert.match(dry(), /vxlanIp: 10\.0\.9\.10\/24/);
      assert.match(dry(), /vxlanIp: 10\.0\.9\.10\/24/);
    });

    it("assigns another address to a copy of a pod", async () => {
      const original = await pending({ name: "original" });
      const { annotations = {} } = original.metadata;
      const copy = await pending({ name: "copy", annotations });
      assert.notEqual(
        copy.metadata.annotations?.[`${prefix}vxlanIp`],
        annotations[`${prefix}vxlanIp`],
      );
      await remove("original");
      await gone("copy");
    });

    it("refuses a change that removes an address or child in use", async () => {
      await pending({ name: "user", annotations: { [`${prefix}address`]: "10.0.9.12" } });
      const update = (children: object) => () =>
        cluster().apply(
          renamed(
            "admission",
            walkThrough("node-a", { name: "admission", remoteId: "absent", children }),
          ),
        );
      const shrunk = { big: { ...big, ip_pools: { primary: ["10.0.9.10/24"] } } };
      await eventually(() =>
        assert.throws(update(shrunk), /primary: 10\.0\.9\.12 is the address of pod default\/user/),
      );
      const removed = { small: walkThroughChild(7, { name: "small", if_id: 777 }) };
      assert.throws(update(removed), /spec\.children\.big: pod default\/user is attached to it/);
      await remove("user");
    });

    it("refuses changes of a pod's assigned values", async () => {
      await pending({ name: "held" });
      const change = (what: string, ...words: string[]) =>
        cluster().kubectl(what, "pod", "held", "-n", namespace, "--overwrite", ...words);
      assert.throws(
        () => change("annotate", `${prefix}vxlanIp=10.0.9.19/24`),
        /metadata\.annotations: ipman\.dialo\.ai\/vxlanIp cannot change on an existing pod/,
      );
      assert.throws(() => change("annotate", `${prefix}poolName-`), /poolName cannot change/);
      assert.throws(
        () => change("annotate", `${prefix}address=10.0.9.19`),
        /address cannot change/,
      );
      assert.throws(() => change("label", `${prefix}worker-`), /worker cannot change/);
      change("label", "other=label");
      change("annotate", "example.org/other=annotation");
      await gone("held");
    });

    it("releases the address of a pod that another admission check refused", async () => {
      cluster().kubectl("create", "quota", "none", "-n", namespace, "--hard=pods=0");
      /** The status field for existing tools, which is a few seconds late. */
      const shown = () => {
        const path = "jsonpath={.status.pendingIps}";
        return cluster().kubectl("get", "ipsecconnection", "admission", "-o", path);
      };
      try {
        await eventually(() => denied({ name: "never" }, /exceeded quota/), 10_000, 500);
        assert.ok((await reserved()).includes("10.0.9.10"));
        await eventually(() => assert.match(shown(), /10\.0\.9\.10/), 10_000, 250);
      } finally {
        cluster().kubectl("delete", "quota", "none", "-n", namespace);
      }
      // The reservation lasts 20 seconds, and the operator checks every 5.
      await eventually(async () => assert.deepEqual(await reserved(), []), 40_000, 500);
      await eventually(() => assert.equal(shown(), "{}"), 10_000, 250);
    });

    it("admits 150 of 200 pods to a pool of 150, and frees all their addresses", async () => {
      const pool150 = ["10.0.9.100-10.0.9.249/24"];
      const children = { big: { ...big, ip_pools: { primary: pool, crowd: pool150 } } };
      cluster().apply(
        renamed(
          "admission",
          walkThrough("node-a", { name: "admission", remoteId: "absent", children }),
        ),
      );
      const wish = { annotations: { [`${prefix}poolName`]: "crowd" } };
      await eventually(
        () => pending({ name: "crowd", ...wish }).then(() => remove("crowd")),
        10_000,
      );
      await allFree(150);
      const started = performance.now();
      const results = await Promise.allSettled(
        Array.from({ length: 200 }, (_, i) => pending({ name: `crowd-${i}`, ...wish })),
      );
      const seconds = (performance.now() - started) / 1_000;
      const admitted = results.filter((r) => r.status === "fulfilled").map(({ value }) => value);
      const refused = results
        .filter((r) => r.status === "rejected")
        .map(({ reason }) => String(reason));
      process.stdout.write(`      200 in ${seconds.toFixed(1)} s\n`);
      const given = new Set(admitted.map((pod) => pod.metadata.annotations?.[`${prefix}vxlanIp`]));
      assert.deepEqual(
        { admitted: admitted.length, distinct: given.size },
        { admitted: 150, distinct: 150 },
      );
      assert.equal(refused.length, 50);
      for (const words of refused)
        assert.match(words, /pool "crowd" has no free address: all 150 are given/);
      await Promise.all(admitted.map((pod) => remove(pod.metadata.name)));
      await allFree(150);
    });

    /** Waits until the status lists this number of free addresses. */
    const allFree = (count: number) =>
      eventually(
        () => {
          const path = "jsonpath={.status.freeIps.big.crowd}";
          const free = cluster().kubectl("get", "ipsecconnection", "admission", "-o", path);
          assert.equal((JSON.parse(free || "[]") as unknown[]).length, count);
        },
        20_000,
        250,
      );
  });
}

type Pod = KubeObject & {
  readonly spec: {
    readonly containers: readonly { readonly env?: readonly unknown[] }[];
    readonly initContainers?: readonly { readonly name: string }[];
  };
};
